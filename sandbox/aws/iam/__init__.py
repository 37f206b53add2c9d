"""IAM: which action a call needs, and whether the policies of its caller allow it."""
