"""The version of this program, as it is installed on this machine."""

from functools import cache


@cache
def own_version() -> str:
    """The version of erp_build. Found once: it takes as long as a question to a registry."""
    from importlib.metadata import version

    return version("erp-build")
