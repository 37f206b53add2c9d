"""What all unit tests have in common."""

from hypothesis import settings

from tests.support.isolation import own_cache, plain_environment

__all__ = ["own_cache", "plain_environment"]

# The same examples every time, and none too slow: a busy machine is no failure.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
