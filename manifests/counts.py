"""The counts every manifest carries, and the law that they add up."""

from collections.abc import Iterable
from typing import Any


def new_counts(unit: str = "documents") -> dict[str, Any]:
    """read = kept + dropped + failed, in `unit`s; `edited` counts documents an edit changed, `lines_removed` lines."""
    return {"unit": unit, "read": 0, "kept": 0, "dropped": {}, "failed": {}, "edited": {}, "lines_removed": {}}


def add(counter: dict[str, int], key: str, number: int = 1) -> None:
    if number:
        counter[key] = counter.get(key, 0) + int(number)


def sum_counts(parts: Iterable[dict[str, Any]], unit: str = "documents") -> dict[str, Any]:
    """The sum of the counts of shards."""
    total = new_counts(unit)
    for part in parts:
        total["read"] += part["read"]
        total["kept"] += part["kept"]
        for group in ("dropped", "failed", "edited", "lines_removed"):
            for key, number in part[group].items():
                add(total[group], key, number)
    return total


def missing_records(counts: dict[str, Any]) -> int:
    """read − (kept + dropped + failed): 0 in every sound manifest."""
    return counts["read"] - counts["kept"] - sum(counts["dropped"].values()) - sum(counts["failed"].values())


def check_conservation(counts: dict[str, Any], where: str) -> None:
    """Raise AssertionError, naming the step, when read ≠ kept + dropped + failed: a bug, never the user's mistake."""
    if missing := missing_records(counts):
        raise AssertionError(f"{where}: of {counts['read']} {counts['unit']} read, {missing} are not accounted for")
