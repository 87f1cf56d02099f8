"""What both configs share: conditions with their sentences, and reading from JSON."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

from maslin.manifests.errors import UsageError

Config = TypeVar("Config")
Condition = tuple[bool, str, str]  # whether it holds; the setting it is about; what to say of that where it does not


class SettingsError(UsageError):
    """Settings that cannot be: `wrong` has each with what is to be said of it. `section`: whose they are."""

    def __init__(self, section: str, wrong: list[tuple[str, str]]) -> None:
        super().__init__(*(f"{section}: {key} {words}." for key, words in wrong))
        self.section, self.wrong = section, wrong


def require(section: str, conditions: Iterable[Condition]) -> None:
    """Raise SettingsError with all conditions that do not hold."""
    if wrong := [(key, words) for holds, key, words in conditions if not holds]:
        raise SettingsError(section, wrong)


def from_json(cls: type[Config], value: dict[str, Any], where: str) -> Config:
    """A config from its JSON. Raises UsageError for unknown and missing keys."""
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(set(value) - known):
        raise UsageError(f"{where}: unknown settings {unknown}.")
    try:  # JSON knows no tuples
        return cls(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})
    except TypeError as error:
        raise UsageError(f"{where}: {error}.") from error
