"""The bake: for a time behind the proof a deployment is watched, and what breaks takes it back."""
