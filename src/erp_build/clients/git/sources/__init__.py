"""The files of a source as they lie on the disk: what a person sees, and what a commit would hold."""
