"""What the poms of the repository say that a target takes from outside of its folder."""
