"""The real world on one machine, on loopback addresses only: what a run of erp_build touches (docs/sandbox.md)."""
