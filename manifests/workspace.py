"""The workspace: one directory a step, one manifest a directory, one writer at a time.

`<workspace>/<kind>/<name>@<digest>/`. `manifest.json` is written last and is the only commit point; until then finished
shards are kept by markers below `.shards/`, so a killed command goes on from the last finished shard.
"""

import contextlib
import fcntl
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from maslin.manifests.counts import Counts
from maslin.manifests.errors import DamagedError, StorageError, UsageError
from maslin.manifests.files import (
    TEMPORARY_SUFFIX,
    checksum,
    is_sealed,
    read_json,
    read_sealed,
    sealed,
    write_json,
    write_text,
)
from maslin.manifests.identity import DIGEST_HEX, digest_of
from maslin.manifests.manifest import MANIFEST_SCHEMA_VERSION, FileEntry, Manifest, identity_digest

MANIFEST_NAME = "manifest.json"
MEASURED_NAME = "measured.json"
SHARD_MARKERS = ".shards"
SHARDS_SUFFIX = ".shards"  # of a file beside the markers of a stage: how many shards it has, for `maslin status`
INDEX_FOLDER = ".index"  # sorted indexes of tables (maslin.manifests.lookup), made anew whenever they are needed
UNFINISHED = "unfinished"  # in what a shard function returns: true where the shard is to be made again
DAMAGED_NAME = ".damaged"  # an empty file: something here was found damaged, so what it holds has to be proved

TASK_MEMORY_BYTES = 256 << 20  # beside what its process holds anyway

_STEP_DIRECTORY = re.compile(rf".+@[0-9a-f]{{{DIGEST_HEX}}}")

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
        inputs = {role: value if isinstance(value, str) else value.digest for role, value in self.inputs.items()}
        return identity_digest(self.kind, self.version, self.parameters, inputs, self.libraries)

    @property
    def directory(self) -> str:
        """Path of the step directory relative to the workspace."""
        return f"{self.kind}/{self.name}@{self.digest}"

    def input_steps(self) -> dict[str, "Step"]:
        """Every step that must be complete before this one."""
        return {role: value for role, value in self.inputs.items() if isinstance(value, Step)} | self.via


def step_directories(root: Path) -> list[Path]:
    """All of a workspace, finished or not, by kind and name."""
    return sorted(path for path in root.glob("*/*@*") if path.is_dir() and not path.is_symlink())


def is_complete(directory: Path) -> bool:
    return (directory / MANIFEST_NAME).is_file()


def is_current(directory: Path) -> bool:
    """Whether a step directory is finished and of this Maslin's schema. Raises DamagedError as `read_manifest` does."""
    try:
        return is_complete(directory) and bool(read_manifest(directory))
    except OtherVersionError:
        return False


def is_of_another(directory: Path) -> bool:
    """Whether a finished step directory is of another Maslin; one with a damaged manifest is of this one."""
    try:
        return is_complete(directory) and not is_current(directory)
    except DamagedError:
        return False


class OtherVersionError(UsageError):
    """A step directory of an earlier or later Maslin: nothing is taken from it."""


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a step directory. Raises UsageError when there is none.

    Raises OtherVersionError when it is of another schema version, DamagedError when it is not as it was written: its
    checksum covers everything, and its digest, which the directory bears too, follows from its identity.
    """
    path = directory / MANIFEST_NAME if directory.is_dir() else directory
    if not path.is_file():
        raise UsageError(f"{directory}: no {MANIFEST_NAME} here: not a finished step directory.")
    try:
        value = read_json(path)
        version = value["schema_version"]
        manifest = Manifest.from_json(path.parent, value) if version == MANIFEST_SCHEMA_VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged_manifest(path, f"not a readable manifest ({type(error).__name__}: {error})") from error
    if (manifest is not None or "checksum" in value) and not is_sealed(value):
        raise _damaged_manifest(path, "its content differs from its own `checksum`: it was edited or the disk failed")
    if manifest is not None:
        if (expected := manifest.digest_of_identity()) != manifest.digest:
            raise _damaged_manifest(path, f"it gives the digest {manifest.digest}, its identity has {expected}")
        if _STEP_DIRECTORY.fullmatch(path.parent.name) and digest_of(path.parent.name) != manifest.digest:
            raise _damaged_manifest(path, f"it is that of {manifest.name}@{manifest.digest}")
        return manifest
    age = "an earlier" if isinstance(version, int) and version < MANIFEST_SCHEMA_VERSION else "another"
    raise OtherVersionError(
        f"{path.parent}: of {age} Maslin (manifest schema {version}, this one reads {MANIFEST_SCHEMA_VERSION}). "
        "Nothing is taken from it: the command that made it builds it anew beside it, then it can be removed.")


def _damaged_manifest(path: Path, what: str) -> DamagedError:
    mark_damaged(path.parent)
    return DamagedError(path, what, rebuilt_by(path.parent), path.parent)


def rebuilt_by(directory: Path) -> str:
    """What to do where a file of a step directory is damaged."""
    return ("The command that made it (`maslin compare RECIPE`, or `curate`, `mix`, `train`) builds it anew when it is "
            f"run again; `maslin manifest verify {directory}` looks for more.")


def mark_damaged(directory: Path) -> None:
    """Leave word that files of a step directory are damaged: it is checked and built anew when it is next needed."""
    if os.access(directory, os.W_OK):  # else it can only be told
        (directory / DAMAGED_NAME).touch()


def is_marked(directory: Path) -> bool:
    """Whether damage was found here before."""
    return (directory / DAMAGED_NAME).exists()


def is_sound(directory: Path) -> bool:
    """Whether a step directory is finished and its files are there, with the sizes its manifest says.

    Where damage was found before, their contents are checked, too. One that is to be asked for again is not finished.
    """
    try:
        if not is_complete(directory):
            return False
        manifest = read_manifest(directory)
        if is_to_retry(manifest) or _missing_or_resized(directory, manifest.files):
            return False
        if is_marked(directory):
            if verify(directory):
                return False
            with contextlib.suppress(OSError):  # a workspace that may only be read
                (directory / DAMAGED_NAME).unlink()  # somebody put back what it should be
        return True
    except (UsageError, DamagedError):
        return False  # an unreadable manifest


def not_had(manifest: Manifest) -> dict[str, str]:
    """The paths of a crawl that could not be had, and why."""
    return manifest.summary.get("paths", {}).get("not_had", {})


def is_to_retry(manifest: Manifest) -> bool:
    """Whether so many paths of a crawl could not be had that the next command asks for them again."""
    return bool(manifest.summary.get("paths", {}).get("retry"))


def run_shards(
    directory: Path, function: Callable[[Any], ShardResult], tasks: Sequence[Any], mapper: Mapper, label: str, *,
    stage: str = "part", total: int | None = None, unit: str = "",
) -> list[ShardResult]:
    """Run `function(task)` once for every task and return all results in order; finished ones are not run again.

    The function writes its files below `directory` atomically and returns their entries under "files". A marker
    `.shards/<stage>-<index>.json`, written after them, makes the shard final; it counts only while it and its files are
    as they were written. `stage` tells apart several passes over one directory.
    """
    markers = [directory / SHARD_MARKERS / f"{stage}-{index:05d}.json" for index in range(len(tasks))]
    results: list[ShardResult | None] = [_finished(directory, marker) for marker in markers]
    write_text(directory / SHARD_MARKERS / f"{stage}{SHARDS_SUFFIX}", f"{len(tasks)}\n")
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
    write_json(marker, sealed(result))
    return result


def _finished(directory: Path, marker: Path) -> ShardResult | None:
    if not marker.is_file():
        return None
    try:
        result = read_sealed(marker, "The shard is made again.")
    except DamagedError:
        return None
    entries = [FileEntry(**entry) for entry in result.get("files", ())]
    if result.get(UNFINISHED) or _missing_or_resized(directory, entries) or _changed(directory, entries):
        return None
    return result


def commit(
    directory: Path, step: Step, files: Sequence[dict[str, Any]], *, counts: Counts | None = None,
    sizes: dict[str, int] | None = None, summary: dict[str, Any] | None = None, complete: bool = True,
    measured: dict[str, Any] | None = None, keep_shards: bool = False,
) -> Manifest:
    """Write measured.json and then manifest.json, the commit point; remove shard markers and unfinished files.

    `files`: entries as `maslin.manifests.files.file_entry` makes them. `summary` holds further deterministic facts of
    the step (JSON values). `complete` is false when more of a source failed than its `max_failed` allows: the outputs
    are kept and marked. `keep_shards`: a builder that is asked again goes on from those that are finished.
    """
    inputs = {role: value if isinstance(value, str) else value.directory for role, value in step.inputs.items()}
    manifest = Manifest(
        directory, step.kind, step.name, step.digest, step.version, step.parameters, inputs,
        tuple(FileEntry(**entry) for entry in files), step.libraries, complete, counts, sizes or {}, summary or {})
    write_json(directory / MEASURED_NAME, sealed({
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "host": platform.node(),
        "python": platform.python_version(), **(measured or {}),
    }))
    for leftover in list(directory.rglob(f".*{TEMPORARY_SUFFIX}")):
        leftover.unlink(missing_ok=True)
    if missing := [entry.path for entry in manifest.files if not (directory / entry.path).is_file()]:
        raise AssertionError(f"{directory}: the manifest would name files that are not there: {missing[:3]}")
    write_json(directory / MANIFEST_NAME, manifest.to_json())
    (directory / DAMAGED_NAME).unlink(missing_ok=True)
    if not keep_shards:
        shutil.rmtree(directory / SHARD_MARKERS, ignore_errors=True)
    return manifest


def read_measured(directory: Path) -> dict[str, Any]:
    """What was measured while a step was made, empty where that is gone; no byte and no decision depends on it.

    Raises DamagedError when it is not as it was written.
    """
    path = directory / MEASURED_NAME
    if not path.is_file():
        return {}
    return read_sealed(path, "Nothing depends on it: remove it, and what was measured is unknown.")


def verify_sizes(directory: Path) -> list[str]:
    """Problems of a step directory against its manifest: files that are missing or of another size. Quick."""
    return _missing_or_resized(directory, read_manifest(directory).files)


def verify(directory: Path) -> list[str]:
    """Problems of a step directory against its manifest: missing, resized or changed files. Empty when sound."""
    entries = read_manifest(directory).files
    wrong = _missing_or_resized(directory, entries)
    return wrong + _changed(directory, [entry for entry in entries if (directory / entry.path).is_file()])


def _missing_or_resized(directory: Path, entries: Sequence[FileEntry]) -> list[str]:
    problems = []
    for entry in entries:
        path = directory / entry.path
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif path.stat().st_size != entry.bytes:
            problems.append(f"{path}: {path.stat().st_size} bytes, the manifest says {entry.bytes}")
    return problems


def _changed(directory: Path, entries: Sequence[FileEntry]) -> list[str]:
    return [
        f"{directory / entry.path}: xxh3-128 {found}, the manifest says {entry.xxh3_128}"
        for entry in entries if (directory / entry.path).stat().st_size == entry.bytes
        and (found := checksum(directory / entry.path)) != entry.xxh3_128
    ]


@dataclass(frozen=True)
class Workspace:
    """A directory of step directories, and what each task that works there may hold in memory at once."""

    root: Path
    task_memory_bytes: int = TASK_MEMORY_BYTES

    def path(self, step: Step) -> Path:
        return self.root / step.directory

    def is_complete(self, step: Step) -> bool:
        return is_complete(self.path(step))

    def manifest(self, step: Step) -> Manifest:
        return read_manifest(self.path(step))

    @contextlib.contextmanager
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
