"""Errors that are for people: what was wrong, where, and what to do. The command prints them without a traceback."""


class MaslinError(Exception):
    """An error whose message a user can act on: a sentence, and lines below it. `exit_code`: the command's own.

    What a message quotes may hold anything; a line feed in it is then seen for what it is, as each line is a text of
    its own.
    """

    exit_code = 1

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(map(str, self.args)) or (type(self).__name__,)

    def __str__(self) -> str:
        return "\n  ".join(self.lines)


class UsageError(MaslinError):
    """Wrong recipe, argument or workspace: found before any work."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe that does not say what it must; the message begins with file, line and key."""


class DataError(MaslinError):
    """The data do not allow what was asked: a corpus came out empty, or too many records failed."""

    exit_code = 3


class StorageError(MaslinError):
    """The disk refused: no space left, no permission. Finished shards stay valid; run the command again."""
