"""The rights that a release needs in its cluster: found out of its objects, asked for, and written as RBAC."""
