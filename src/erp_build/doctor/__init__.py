"""`doctor`: whether machine, repository, account and cluster are as a run needs them."""
