"""The breadcrumb of a worker: which record it was at when native code killed it, so that only that record is lost.

Before a record's bytes reach a native parser its number is written to a small mapped file; the kernel keeps it however
the process dies. The engine runs a task again whose process died. If that happens under the same parent process (the
same command) and the crumb is still there, the record it names was being parsed. One death proves nothing: a worker
also dies with its pool when a neighbour does. Twice at the same record, and the record is skipped by name.
"""

import mmap
import os
import struct
from collections import Counter
from pathlib import Path
from types import TracebackType

DEATHS_TO_SKIP = 2

_LAYOUT = struct.Struct("<qq")  # parent process, record; record -1: none under way
_RECORD = struct.Struct("<q")
_NONE = -1


class Crumb:
    """Use as a context manager around the reading of a task; `path` is the task's own, deaths lie beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._deaths = path.with_name(path.name + ".deaths")

    def __enter__(self) -> "Crumb":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getppid()
        died = Counter(self._deaths_before(parent))
        self.skipped = frozenset(record for record, times in died.items() if times >= DEATHS_TO_SKIP)
        self._path.write_bytes(_LAYOUT.pack(parent, _NONE))
        with open(self._path, "r+b") as handle:
            self._map = mmap.mmap(handle.fileno(), _LAYOUT.size)
        return self

    def enter(self, record: int) -> bool:
        """Say that `record` goes to native code now. False: it killed its worker before and must be left out."""
        if record in self.skipped:
            return False
        _RECORD.pack_into(self._map, _RECORD.size, record)
        return True

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._map.close()
        self._path.unlink(missing_ok=True)
        if error is None:
            self._deaths.unlink(missing_ok=True)

    def _deaths_before(self, parent: int) -> list[int]:
        """The records at which this task died under `parent`, this time's included; another command's are forgotten."""
        try:
            left_by, record = _LAYOUT.unpack(self._path.read_bytes())
        except (FileNotFoundError, struct.error):  # struct.error: died while the crumb was being made
            left_by, record = parent, _NONE
        if left_by != parent:
            self._deaths.unlink(missing_ok=True)
            return []
        if record != _NONE:
            with open(self._deaths, "a", encoding="ascii") as deaths:
                deaths.write(f"{record}\n")
        return [int(line) for line in self._deaths.read_text("ascii").split()] if self._deaths.exists() else []
