"""CodeBuild, whose builds are processes with a clone and a HOME of their own; those of the stand-in run nothing."""
