"""The deployment: checks before it, lock, Lambda, Helm, rollout, proof, and what is written down."""
