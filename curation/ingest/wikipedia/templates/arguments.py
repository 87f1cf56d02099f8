"""The arguments of a template as MediaWiki numbers and names them."""

import re
from collections.abc import Callable, Sequence

_NAMED = re.compile(r"\s*([^\W\d_][\w .-]{0,30}|[0-9]{1,2})\s*=")


class Arguments:
    """`place` holds those without a name in order, `named` the others by their name in lower case, stripped."""

    __slots__ = ("named", "place")

    def __init__(self, written: Sequence[str]) -> None:
        self.place: list[str] = []
        self.named: dict[str, str] = {}
        numbered: dict[int, str] = {}
        for argument in written:
            match = _NAMED.match(argument) if "=" in argument else None
            if match is None:
                self.place.append(argument)
            elif match[1].isdigit():
                numbered[int(match[1])] = argument[match.end():]
            else:
                self.named[match[1].rstrip().lower()] = argument[match.end():].strip()
        for number, argument in sorted(numbered.items()):
            if number:
                self.place += [""] * (number - len(self.place))
                self.place[number - 1] = argument

    def get(self, *keys: int | str) -> str:
        """The first of these that is there and not empty, stripped: numbers count from 1; "" where none is."""
        for key in keys:
            if isinstance(key, str):
                found = self.named.get(key, "")
            else:
                found = self.place[key - 1].strip() if key <= len(self.place) else ""
            if found:
                return found
        return ""

    def filled(self, start: int = 1) -> list[str]:
        """Those without a name from number `start` on that are not empty, stripped."""
        return [part for part in map(str.strip, self.place[start - 1:]) if part]


# What a template shows: "" where that is nothing, None where it cannot be known (a computed value): something is lost.
Shown = Callable[[Arguments], str | None]
Table = Sequence[tuple[str, Shown]]  # names in lower case with `_` for spaces, apart by spaces, and what they show
