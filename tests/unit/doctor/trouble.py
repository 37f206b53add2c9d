"""A trouble: how it comes about, and what its check says of it."""

from collections.abc import Callable
from dataclasses import dataclass

from erp_build.doctor.diagnosis import State
from tests.fakes.clinic import Clinic


@dataclass(frozen=True)
class Trouble:
    """What is wrong, the check that must see it, its state, and words of what it says."""

    check: str
    about: str
    happen: Callable[[Clinic], None]
    state: State
    says: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.check}-{self.about.replace(' ', '-')}"
