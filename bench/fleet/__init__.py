"""A model of runs on one host and on several: seconds and money by services, changed share and workers."""
