"""Errors that are for people: what was wrong, where, and what to do. The command prints them without a traceback."""


class MaslinError(Exception):
    """An error whose message a user can act on. `exit_code` is what the command ends with."""

    exit_code = 1


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
