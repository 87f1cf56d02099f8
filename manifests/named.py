"""What lists of kinds name by "module:attribute": imported where it is used, so that reading a list imports nothing."""

from importlib import import_module
from typing import Any


def named(place: str) -> Any:
    """The attribute that "module:attribute" names."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
