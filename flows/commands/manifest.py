"""`maslin manifest show|verify|diff`: what a step directory holds, whether it is sound, why two of them differ."""

import argparse
import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, runs
from maslin.flows.shown.answers import Differing, ManifestShown, StepNamed, Verified
from maslin.flows.shown.results import stages_table
from maslin.flows.shown.text import print_json, table
from maslin.flows.step_directories import NAME_HELP, step_directory
from maslin.manifests.diff import differences
from maslin.manifests.errors import DamagedError, UsageError
from maslin.manifests.locks import read_begun, read_locks
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.inputs import remembered_digests
from maslin.manifests.soundness import lineage, verify_all
from maslin.manifests.workspace import (
    INDEX_FOLDER,
    MANIFEST_NAME,
    OtherVersionError,
    is_complete,
    not_had,
    read_manifest,
)


@dataclass(frozen=True)
class ShowOptions:
    asked: str
    workspace: Path
    json: bool = False


@dataclass(frozen=True)
class VerifyOptions:
    """`asked`: a step directory, checked with all it was made from, or a workspace."""

    asked: str
    workspace: Path
    json: bool = False


@dataclass(frozen=True)
class DiffOptions:
    old: str
    new: str
    workspace: Path
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text)

    shown = action("show", "counts, sizes, inputs, mixture of a step directory")
    shown.add_argument("asked", type=path_or_name, metavar="STEP", help=NAME_HELP)
    add_workspace(shown)
    runs(shown, show, ShowOptions, ManifestShown)
    verified = action("verify", "check files against their checksums, with all they were made from")
    verified.add_argument("asked", type=path_or_name, metavar="STEP", help=f"{NAME_HELP}; or a whole workspace")
    add_workspace(verified)
    runs(verified, verify, VerifyOptions, Verified)
    compared = action("diff", "why two step directories differ")
    compared.add_argument("old", type=path_or_name, metavar="STEP", help=NAME_HELP)
    compared.add_argument("new", type=path_or_name, metavar="STEP")
    add_workspace(compared)
    runs(compared, diff, DiffOptions, Differing)


def show(options: ShowOptions) -> int:
    """Print a manifest for people, or as it stands."""
    manifest = read_manifest(step_directory(options.asked, options.workspace))
    if options.json:
        print_json(manifest.to_json())
    else:
        _print(manifest)
    return 0


def _print(manifest: Manifest) -> None:
    state = ("complete" if manifest.complete else f"{len(lost):,} paths could not be had" if (lost := not_had(manifest))
             else "more failed than max_failed allows")
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
        print(stages_table([(stage["until_tokens"], stage["weights"]) for stage in stages]))
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


def verify(options: VerifyOptions) -> int:
    """Check a step directory and its lineage, or a workspace; returns 3 when something is not sound."""
    started = time.monotonic()
    path = step_directory(options.asked, options.workspace)
    path = path.parent if path.is_file() else path
    beside: list[str] = []
    if is_complete(path):
        directories = lineage(path)
    else:
        directories = sorted(manifest.parent for manifest in path.glob(f"*/*@*/{MANIFEST_NAME}"))
        beside = problems_beside(path)
        if not directories:
            raise UsageError(f"{path}: neither a finished step directory nor a workspace with any.")
    found = verify_all(directories)
    problems = [*found.problems, *problems_of_indexes(directories), *beside]
    seconds = time.monotonic() - started
    if options.json:
        print_json({
            "directories": found.directories, "bytes": found.bytes, "seconds": round(seconds, 3), "problems": problems,
            "of_another_maslin": [str(directory) for directory in found.others]})
        return 3 if problems else 0
    for problem in problems:
        print(problem)
    for directory in found.others:
        print(f"{directory}: of another Maslin, not checked; nothing is taken from it")
    print(f"{found.directories} directories, {found.bytes:,} bytes checked in {seconds:.1f} s: "
          + (f"{len(problems)} problems" if problems else "all sound"))
    return 3 if problems else 0


def problems_of_indexes(directories: Sequence[Path]) -> Iterator[str]:
    """What is damaged of the indexes in step directories."""
    with_indexes = [directory for directory in directories if (directory / INDEX_FOLDER).is_dir()]
    if not with_indexes:
        return
    from maslin.manifests.lookup import damaged_indexes  # numpy and Arrow

    for directory in with_indexes:
        with contextlib.suppress(DamagedError, OtherVersionError):  # told already
            for path in damaged_indexes(directory):
                yield f"{path}: damaged, and not used: it is made anew when it is next needed"


def problems_beside(workspace: Path) -> list[str]:
    """What is damaged of the files beside the step directories of a workspace, which commands read."""
    problems = []
    for read in (read_locks, read_begun, remembered_digests):
        try:
            read(workspace)
        except DamagedError as error:
            problems.append(str(error))
    return problems


def diff(options: DiffOptions) -> int:
    """Say why two step directories differ: parameter paths with old → new, inputs followed down to where they part."""
    old, new = (step_directory(asked, options.workspace) for asked in (options.old, options.new))
    lines = differences(read_manifest(old), read_manifest(new), _root(old), _root(new))
    if options.json:
        print_json({"old": _named(old), "new": _named(new), "differences": lines})
        return 0
    for path in (old, new):
        named = _named(path)
        print(f"{named['kind']} {named['name']}@{named['digest']}  ({named['directory']})")
    if not lines:
        print("the same: kind, version, parameters and inputs are equal")
    for line in lines:
        print(line)
    return 0


def _root(path: Path) -> Path:
    directory = path.resolve() if path.is_dir() else path.resolve().parent
    return directory.parent.parent


def _named(path: Path) -> StepNamed:
    manifest = read_manifest(path)
    return {"kind": manifest.kind, "name": manifest.name, "digest": manifest.digest,
            "directory": os.path.relpath(path)}
