"""The counts every manifest carries, and the law that they add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Counts:
    """read = kept + dropped + failed, in `unit`s; dropped by rule, failed by cause.

    `edited`: documents that each step changed; `lines_removed`: lines that each rule took away.
    """

    unit: str = "documents"
    read: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    edited: dict[str, int] = field(default_factory=dict)
    lines_removed: dict[str, int] = field(default_factory=dict)

    @property
    def dropped_in_all(self) -> int:
        return sum(self.dropped.values())

    @property
    def failed_in_all(self) -> int:
        return sum(self.failed.values())

    @property
    def removed(self) -> dict[str, int]:
        """Dropped and failed, most first."""
        return dict(sorted((self.dropped | self.failed).items(), key=lambda item: (-item[1], item[0])))

    @property
    def missing(self) -> int:
        """read − (kept + dropped + failed): 0 in every sound manifest."""
        return self.read - self.kept - self.dropped_in_all - self.failed_in_all

    def check_conservation(self, where: str) -> None:
        """Raise AssertionError, naming the step, when records are not accounted for: a bug, not a user's mistake."""
        if self.missing:
            raise AssertionError(f"{where}: of {self.read} {self.unit} read, {self.missing} are not accounted for")

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Counts":
        """Raises KeyError for what is missing."""
        return cls(**{each.name: value[each.name] for each in fields(cls)})


def add(counter: dict[str, int], key: str, number: int = 1) -> None:
    """Count `number` more of a key; none leaves no entry."""
    if number:
        counter[key] = counter.get(key, 0) + int(number)


def sum_counts(parts: Iterable[Mapping[str, Any]], unit: str = "documents") -> Counts:
    """The sum of the counts of shards, as these return them (JSON values)."""
    total = Counts(unit)
    for part in map(Counts.from_json, parts):
        total.read += part.read
        total.kept += part.kept
        for group in ("dropped", "failed", "edited", "lines_removed"):
            for key, number in getattr(part, group).items():
                add(getattr(total, group), key, number)
    return total


def sum_numbers(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of counters, by key."""
    total: dict[str, int] = {}
    for part in parts:
        for key, number in part.items():
            add(total, key, number)
    return total
