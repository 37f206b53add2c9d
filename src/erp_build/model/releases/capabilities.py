"""What a cluster can do, as charts ask for it: `.Capabilities` of Helm."""

from typing import NamedTuple


class Capabilities(NamedTuple):
    """A cluster's version and its APIs.

    Attributes:
        version: of the API server, such as `v1.34.4-eks-0a1b`; empty where nobody knows.
        apis: such as `apps/v1` and `apps/v1/Deployment`, sorted.
    """

    version: str = ""
    apis: tuple[str, ...] = ()


NOTHING_KNOWN = Capabilities()
