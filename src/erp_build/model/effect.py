"""Effects: what a run changes in the world, or would change."""

from dataclasses import dataclass
from typing import Literal

EffectState = Literal["performed", "assumed", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change of the world: which verb, on what, and whether it was performed, only assumed, or failed."""

    name: str
    target: str
    state: EffectState
