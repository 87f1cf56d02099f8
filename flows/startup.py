"""What a process of the command does without, so that it starts quickly."""

import sys


def keep_pandas_out() -> None:
    """pyarrow imports pandas at its first conversion, a second of CPU in each process; let it find none.

    For processes that are Maslin's alone, the command and its workers: never where a user's own code goes on. None in
    `sys.modules` is Python's own way to say that a module is not there: `import` raises ModuleNotFoundError, and
    `importlib.util.find_spec`, which torch asks about every module it knows, answers None.
    """
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
