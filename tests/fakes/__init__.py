"""In-memory fakes of what `erp_build.tools.toolbox` and `effects` describe. They hold state; nothing is patched."""
