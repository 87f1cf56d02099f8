"""`maslin manifest show|verify|diff`."""

import json
import os
import time
from pathlib import Path

from maslin.flows.commands.summary import stages_table, table
from maslin.manifests.diff import differences
from maslin.manifests.errors import UsageError
from maslin.manifests.workspace import MANIFEST_NAME, is_complete, is_current, read_manifest, verify


def show(path: Path, as_json: bool) -> int:
    """Print a manifest for people, or as it stands."""
    manifest = read_manifest(path)
    if as_json:
        print(json.dumps(manifest.to_json(), indent=1, sort_keys=True, ensure_ascii=False))
        return 0
    state = "complete" if manifest.complete else "more failed than max_failed allows"
    print(f"{manifest.kind} {manifest.name}   digest {manifest.digest}   version {manifest.version}"
          f"   {state}")
    if manifest.sizes:
        print("sizes   " + "   ".join(f"{key} {number:,}" for key, number in sorted(manifest.sizes.items())))
    if counts := manifest.counts:
        print(f"counts  read {counts.read:,} {counts.unit} = kept {counts.kept:,}"
              f" + dropped {counts.dropped_in_all:,} + failed {counts.failed_in_all:,}")
        for group in ("dropped", "failed", "edited", "lines_removed"):
            for rule, number in sorted(getattr(counts, group).items(), key=lambda item: (-item[1], item[0])):
                print(f"        {group:<13} {number:>10,}  {rule}")
    corpora = manifest.summary.get("corpora") if manifest.kind == "mixture" else None
    if corpora:
        rows = [[name, *entry.values()] for name, entry in corpora.items()]
        print(table(rows, ["corpus", *next(iter(corpora.values()))]))
    if stages := manifest.summary.get("stages"):
        print(stages_table(stages))
    print("inputs")
    for role, value in manifest.inputs.items():
        print(f"        {role}: {value}")
    print("parameters")
    print("        " + json.dumps(manifest.parameters, indent=1, sort_keys=True, ensure_ascii=False)
          .replace("\n", "\n        "))
    print(f"files   {len(manifest.files)}, {manifest.bytes:,} bytes")
    for entry in manifest.files:
        rows_text = " " * 17 if entry.rows is None else f"{entry.rows:>12,} rows"
        print(f"        {entry.bytes:>14,} bytes {rows_text}  {entry.xxh3_128}  {entry.path}")
    return 0


def verify_tree(directories: list[Path]) -> tuple[int, int, list[str]]:
    """(directories, bytes, problems) of step directories: sizes, checksums, and counts that add up."""
    problems: list[str] = []
    total_bytes = 0
    for directory in directories:
        problems.extend(verify(directory))
        manifest = read_manifest(directory)
        total_bytes += manifest.bytes
        if (counts := manifest.counts) and (missing := counts.missing):
            problems.append(f"{directory}: {missing:,} of {counts.read:,} {counts.unit} are not accounted for")
    return len(directories), total_bytes, problems


def lineage(directory: Path) -> list[Path]:
    """A step directory and all step directories it was made from, as far as they are still there."""
    root = directory.resolve().parent.parent
    found: dict[Path, None] = {}
    waiting = [directory.resolve()]
    while waiting:
        path = waiting.pop()
        if path in found or not is_current(path):
            continue
        found[path] = None
        waiting.extend(root / value for value in read_manifest(path).inputs.values() if "@" in value)
    return list(found)


def verify_command(path: Path) -> int:
    started = time.monotonic()
    if path.is_file():
        path = path.parent
    if is_complete(path):
        read_manifest(path)
        directories = lineage(path)
    else:
        directories = sorted(manifest.parent for manifest in path.glob(f"*/*@*/{MANIFEST_NAME}"))
        if not directories:
            raise UsageError(f"{path}: neither a finished step directory nor a workspace with any.")
    others = [directory for directory in directories if not is_current(directory)]
    count, total_bytes, problems = verify_tree([directory for directory in directories if directory not in others])
    for problem in problems:
        print(problem)
    for directory in others:
        print(f"{directory}: of another Maslin, not checked; nothing is taken from it")
    print(f"{count} directories, {total_bytes:,} bytes checked in {time.monotonic() - started:.1f} s: "
          + (f"{len(problems)} problems" if problems else "all sound"))
    return 3 if problems else 0


def diff(old: Path, new: Path) -> int:
    """Say why two step directories differ: parameter paths with old → new, inputs followed down to where they part."""
    lines = differences(read_manifest(old), read_manifest(new), _root(old), _root(new))
    print(f"{_title(old)}\n{_title(new)}")
    if not lines:
        print("the same: kind, version, parameters and inputs are equal")
    for line in lines:
        print(line)
    return 0


def _root(path: Path) -> Path:
    directory = path.resolve() if path.is_dir() else path.resolve().parent
    return directory.parent.parent


def _title(path: Path) -> str:
    manifest = read_manifest(path)
    return f"{manifest.kind} {manifest.name}@{manifest.digest}  ({os.path.relpath(path)})"
