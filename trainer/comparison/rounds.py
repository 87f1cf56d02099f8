"""How a comparison is looked at round by round: what is fixed before the first look. Light, as planning reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_LOOK = 2  # rounds: below, nothing measures the noise
MOST_ROUNDS = 50
SPENDING_POWER = 3.0  # of the rounds' share, that is spent: see spending.py


@dataclass(frozen=True)
class RoundsPlan:
    """It is looked after 2, 3, … and at most `rounds` rounds of seeds.

    `digest` is that of the plan as it was written down; `minutes`: that the rounds were to take; `scored_before`: how
    many of its runs had been trained and scored when it was fixed.
    """

    rounds: int
    digest: str
    minutes: float | None = None
    scored_before: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "first_look": FIRST_LOOK, "spent": f"(k / {self.rounds})^{SPENDING_POWER:g}"}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "RoundsPlan":
        return cls(value["rounds"], value["digest"], value["minutes"], value["scored_before"])


def spent(look: int, rounds: int, power: float = SPENDING_POWER) -> float:
    """The share of the error that is spent up to a look; none before the first."""
    return (look / rounds) ** power if look >= FIRST_LOOK else 0.0
