"""Errors that are for people: what was wrong, where, and what to do. The command prints them without a traceback."""

from pathlib import Path


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


class DamagedError(DataError):
    """A file on the disk is not what was written: found before anything is made of it.

    `path` is the file, `what` tells what was found and expected, `remedy` what to do. `directory`: the step directory
    that it is of, which can be built anew; None where nothing can be.
    """

    def __init__(self, path: Path, what: str, remedy: str, directory: Path | None = None) -> None:
        Exception.__init__(self, path, what, remedy, directory)  # all of them: errors of workers come back pickled
        self.path, self.what, self.remedy, self.directory = path, what, remedy, directory

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"{self.path}: damaged, and not used: {self.what}. {self.remedy}",)


class StorageError(MaslinError):
    """The disk refused: no space left, no permission. Finished shards stay valid; run the command again."""
