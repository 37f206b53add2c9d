"""What all tests of the infrastructure have in common."""

from tests.support.isolation import own_cache, plain_environment

__all__ = ["own_cache", "plain_environment"]
