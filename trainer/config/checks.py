"""What both configs share: a condition with its sentence, and reading from JSON."""

from dataclasses import fields
from typing import Any, TypeVar

from maslin.manifests.errors import UsageError

Config = TypeVar("Config")


def require(condition: bool, message: str) -> None:
    if not condition:
        raise UsageError(f"{message}.")


def from_json(cls: type[Config], value: dict[str, Any], where: str) -> Config:
    """A config from its JSON. Raises UsageError for unknown and missing keys."""
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    require(not set(value) - known, f"{where}: unknown settings {sorted(set(value) - known)}")
    try:  # JSON knows no tuples
        return cls(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})
    except TypeError as error:
        raise UsageError(f"{where}: {error}.") from error
