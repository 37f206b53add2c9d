"""How repositories of ECR are set up: what scans them, what empties them, and which ones a push makes."""
