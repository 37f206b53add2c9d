"""In-memory fakes of what `erp_build.clients.protocols` and `effects` describe. They hold state; nothing is patched."""
