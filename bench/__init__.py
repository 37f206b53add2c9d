"""`make bench`: what a plan costs beside its peers, and whether it is right on long histories."""
