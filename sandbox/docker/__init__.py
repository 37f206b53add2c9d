"""The Docker engine of the sandbox, and the image that the Dockerfiles of the sample begin with."""
