"""The rollout: what an upgrade changed, the wait until it runs, and whether it stays so."""
