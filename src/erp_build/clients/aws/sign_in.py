"""What signs in to a registry."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """Credentials for a push or a pull. `endpoint` has a scheme; an image's name begins with its host alone."""

    endpoint: str
    username: str
    password: str
    expires: datetime

    @property
    def host(self) -> str:
        """The first part of an image's name."""
        return self.endpoint.partition("://")[2]
