"""All that is wrong with a recipe: faults are gathered as they are met, and told in one error, in the file's order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from maslin.manifests.errors import RecipeError

MOST_FAULTS = 100  # told at once; aliases can make a small file wrong in any number of places
BROKEN: Final[Any] = object()  # in the place of a value that cannot be had; a recipe with one is never handed out

T = TypeVar("T")
Position = tuple[int, int]  # line and column, from 1


class Fault(RecipeError):
    """One fault: `at` its place, `words` what it is, the error's line both. `silent`: another fault tells of it."""

    def __init__(self, line: str, at: Position, words: str, silent: bool = False) -> None:
        super().__init__(line)
        self.at, self.words, self.silent = at, words, silent


class Faults:
    """The faults of one document. What several aliases lead to is one fault."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Position, str], str] = {}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, fault: Fault) -> None:
        """Raises RecipeError with all of them when they are too many to go on."""
        if not fault.silent:
            self._lines.setdefault((fault.at, fault.words), str(fault))
        if len(self._lines) >= MOST_FAULTS:
            self.tell()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """What fails within is added, and the reading goes on behind it."""
        try:
            yield
        except Fault as fault:
            self.add(fault)

    def attempt(self, read: Callable[[], T]) -> T:
        """What `read` gives, or BROKEN when it fails, which is added."""
        with self.gathered():
            return read()
        return BROKEN

    def tell(self) -> None:
        """Raise RecipeError, a line each, if there are any."""
        if self._lines:
            lines = [self._lines[key] for key in sorted(self._lines, key=lambda key: key[0])]
            raise RecipeError(*lines, *(["and perhaps more: these are the first"] if len(lines) >= MOST_FAULTS else []))


class Partial:
    """In the place of a dataclass of which fields are BROKEN: its other values, none of its methods."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def is_whole(value: Any) -> bool:
    """Whether nothing in a value, down to the fields of its dataclasses, is broken."""
    if isinstance(value, tuple | list):
        return all(map(is_whole, value))
    if isinstance(value, dict):
        return all(map(is_whole, value.values()))
    fields = () if isinstance(value, type) else getattr(value, "__dataclass_fields__", ())
    return value is not BROKEN and not isinstance(value, Partial) and all(
        is_whole(getattr(value, name)) for name in fields)
