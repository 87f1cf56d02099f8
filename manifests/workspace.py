"""The workspace: one directory a step, one manifest a directory, one writer at a time.

`<workspace>/<kind>/<name>@<digest>/`. `manifest.json` is written last and is the only commit point; until then finished
shards are kept by markers below `.shards/`, so a killed command goes on from the last finished shard.
"""

import fcntl
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from maslin.manifests.counts import Counts
from maslin.manifests.errors import StorageError, UsageError
from maslin.manifests.files import TEMPORARY_SUFFIX, checksum, read_json, write_json
from maslin.manifests.identity import digest
from maslin.manifests.manifest import MANIFEST_SCHEMA_VERSION, FileEntry, Manifest

MANIFEST_NAME = "manifest.json"
MEASURED_NAME = "measured.json"
SHARD_MARKERS = ".shards"

# What a shard function returns and a marker stores: {"files": [entry, …], "counts": {…}, …}, JSON values only.
ShardResult = dict[str, Any]


class Mapper(Protocol):
    """Runs `function(task)` for every task, on any engine, and returns the results in the order of the tasks.

    `function` is importable (a module-level function or a partial of one) and tasks pickle. `label`, `total` and `unit`
    are for the progress line: what `maslin.manifests.progress.advance` will add up to, in which unit. A task whose
    process dies is run again. Flows inject a Prefect or a process-pool mapper; `serial_map` is the plain loop.
    """

    def __call__(
        self, function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, *, total: int | None = None,
        unit: str = "",
    ) -> list[ShardResult]: ...


def serial_map(
    function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str = "", *, total: int | None = None,
    unit: str = "",
) -> list[ShardResult]:
    """The plain loop, in this process: for tests, notebooks and debuggers."""
    return [function(task) for task in tasks]


@dataclass(frozen=True)
class Step:
    """A planned step directory: everything that decides its bytes, nothing that does not.

    `parameters` are JSON values; `inputs` maps a role ("documents", "corpus:wiki", "tokenizer") to another step or
    to the content digest of raw input. `via` names steps whose results are read on the way but whose bytes follow
    from the parameters and inputs already (the segments of a corpus): they are not part of the digest. `libraries`: the
    versions of packages that decide its bytes.
    """

    kind: str
    name: str
    version: int
    parameters: dict[str, Any]
    inputs: dict[str, "Step | str"] = field(default_factory=dict)
    via: dict[str, "Step"] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        return digest({
            "kind": self.kind, "version": self.version, "parameters": self.parameters,
            "inputs": {role: value if isinstance(value, str) else value.digest for role, value in self.inputs.items()},
            "libraries": self.libraries,
        })

    @property
    def directory(self) -> str:
        """Path of the step directory relative to the workspace."""
        return f"{self.kind}/{self.name}@{self.digest}"

    def input_steps(self) -> dict[str, "Step"]:
        """Every step that must be complete before this one."""
        return {role: value for role, value in self.inputs.items() if isinstance(value, Step)} | self.via


def digest_of(directory: str) -> str:
    """The digest in a step directory's name: equal ones are of one content, whatever their recipes call it."""
    return directory.rpartition("@")[2]


def step_directories(root: Path) -> list[Path]:
    """All of a workspace, finished or not, by kind and name."""
    return sorted(path for path in root.glob("*/*@*") if path.is_dir() and not path.is_symlink())


def is_complete(directory: Path) -> bool:
    return (directory / MANIFEST_NAME).is_file()


def is_current(directory: Path) -> bool:
    """Whether a step directory is finished and of this Maslin's schema."""
    try:
        return is_complete(directory) and bool(read_manifest(directory))
    except OtherVersionError:
        return False


class OtherVersionError(UsageError):
    """A step directory of an earlier or later Maslin: nothing is taken from it."""


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a step directory. Raises UsageError when there is none that can be read.

    Raises OtherVersionError when it is of another schema version.
    """
    path = directory / MANIFEST_NAME if directory.is_dir() else directory
    if not path.is_file():
        raise UsageError(f"{directory}: no {MANIFEST_NAME} here: not a finished step directory.")
    try:
        value = read_json(path)
        version = value["schema_version"]
        if version == MANIFEST_SCHEMA_VERSION:
            return Manifest.from_json(path.parent, value)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a readable manifest ({error}).") from error
    age = "an earlier" if isinstance(version, int) and version < MANIFEST_SCHEMA_VERSION else "another"
    raise OtherVersionError(
        f"{path.parent}: of {age} Maslin (manifest schema {version}, this one reads {MANIFEST_SCHEMA_VERSION}). "
        "Nothing is taken from it: the command that made it builds it anew beside it, then it can be removed.")


def run_shards(
    directory: Path, function: Callable[[Any], ShardResult], tasks: Sequence[Any], mapper: Mapper, label: str, *,
    stage: str = "part", total: int | None = None, unit: str = "",
) -> list[ShardResult]:
    """Run `function(task)` once for every task and return all results in order; finished ones are not run again.

    The function writes its files below `directory` atomically and returns their entries under "files". A marker
    `.shards/<stage>-<index>.json`, written after them, makes the shard final; it counts only while its files still have
    the recorded sizes. `stage` tells apart several passes over one directory.
    """
    markers = [directory / SHARD_MARKERS / f"{stage}-{index:05d}.json" for index in range(len(tasks))]
    results: list[ShardResult | None] = [_finished(directory, marker) for marker in markers]
    todo = [index for index, result in enumerate(results) if result is None]
    if todo:
        run = partial(_run_and_mark, function)
        done = mapper(run, [(markers[i], tasks[i]) for i in todo], label, total=total, unit=unit)
        for index, result in zip(todo, done, strict=True):
            results[index] = result
    return [result for result in results if result is not None]


def _run_and_mark(function: Callable[[Any], ShardResult], marked_task: tuple[Path, Any]) -> ShardResult:
    marker, task = marked_task
    result = function(task)
    write_json(marker, result)
    return result


def _finished(directory: Path, marker: Path) -> ShardResult | None:
    if not marker.is_file():
        return None
    result = read_json(marker)
    for entry in result.get("files", ()):
        path = directory / entry["path"]
        if not path.is_file() or path.stat().st_size != entry["bytes"]:
            return None
    return result


def commit(
    directory: Path, step: Step, files: Sequence[dict[str, Any]], *, counts: Counts | None = None,
    sizes: dict[str, int] | None = None, summary: dict[str, Any] | None = None, complete: bool = True,
    measured: dict[str, Any] | None = None,
) -> Manifest:
    """Write measured.json and then manifest.json, the commit point; remove shard markers and unfinished files.

    `files`: entries as `maslin.manifests.files.file_entry` makes them. `summary` holds further deterministic facts of
    the step (JSON values). `complete` is false when more of a source failed than its `max_failed` allows: the outputs
    are kept and marked.
    """
    inputs = {role: value if isinstance(value, str) else value.directory for role, value in step.inputs.items()}
    manifest = Manifest(
        directory, step.kind, step.name, step.digest, step.version, step.parameters, inputs,
        tuple(FileEntry(**entry) for entry in files), step.libraries, complete, counts, sizes or {}, summary or {})
    write_json(directory / MEASURED_NAME, {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "host": platform.node(),
        "python": platform.python_version(), **(measured or {}),
    })
    for leftover in list(directory.rglob(f".*{TEMPORARY_SUFFIX}")):
        leftover.unlink(missing_ok=True)
    if missing := [entry.path for entry in manifest.files if not (directory / entry.path).is_file()]:
        raise AssertionError(f"{directory}: the manifest would name files that are not there: {missing[:3]}")
    write_json(directory / MANIFEST_NAME, manifest.to_json())
    shutil.rmtree(directory / SHARD_MARKERS, ignore_errors=True)
    return manifest


def verify_sizes(directory: Path) -> list[str]:
    """Problems of a step directory against its manifest: files that are missing or of another size. Quick."""
    problems = []
    for entry in read_manifest(directory).files:
        path = directory / entry.path
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif path.stat().st_size != entry.bytes:
            problems.append(f"{path}: {path.stat().st_size} bytes, the manifest says {entry.bytes}")
    return problems


def verify(directory: Path) -> list[str]:
    """Problems of a step directory against its manifest: missing, resized or changed files. Empty when sound."""
    return verify_sizes(directory) or [
        f"{directory / entry.path}: content differs from the manifest's checksum"
        for entry in read_manifest(directory).files if checksum(directory / entry.path) != entry.xxh3_128
    ]


@dataclass(frozen=True)
class Workspace:
    """A directory of step directories."""

    root: Path

    def path(self, step: Step) -> Path:
        return self.root / step.directory

    def is_complete(self, step: Step) -> bool:
        return is_complete(self.path(step))

    def manifest(self, step: Step) -> Manifest:
        return read_manifest(self.path(step))

    @contextmanager
    def writer(self, command: str) -> Iterator[None]:
        """Hold the workspace's lock. Raises UsageError naming the holder when another command writes here.

        Raises StorageError when it cannot be written. The lock belongs to the open file, so it ends with the process
        however that dies.
        """
        path = self.root / ".lock"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise StorageError(
                f"{self.root}: nothing can be written here ({error.strerror}). Give another --workspace.") from error
        with open(path, "a+", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                handle.seek(0)
                raise UsageError(
                    f"{self.root}: in use by {handle.read().strip() or 'another command'}. "
                    "Wait for it, stop it, or give another --workspace."
                ) from error
            handle.seek(0)
            handle.truncate()
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            handle.write(f"`{command}` (process {os.getpid()} on {platform.node()}, since {since})")
            handle.flush()
            yield
