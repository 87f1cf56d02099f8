"""Documents of a corpus to look at, drawn by a hash of (seed, id): kept ones, or those a rule dropped or edited."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.curation.evidence.way import Way, follow
from maslin.manifests.errors import UsageError
from maslin.manifests.identity import hash_int
from maslin.manifests.lookup import Place, find, read_row
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.typed_yaml import suggestion
from maslin.manifests.steps.known import CORPUS_RULES, HELD_OUT, decode
from maslin.manifests.tables import SPLIT_PATH, iter_tables, read_table
from maslin.manifests.workspace import read_manifest


@dataclass(frozen=True)
class Sampled:
    """A document as extracted, and its way through the corpus."""

    document: dict[str, Any]
    way: Way


def sample(
    directory: Path, number: int, seed: int, dropped_by: str | None = None, edited_by: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[list[Sampled], int]:
    """At most `number` documents in the order of their hashes, and how many there are to draw from.

    `dropped_by`, `edited_by`: a rule, a step, or `step.rule`; neither: kept documents. Held-out documents, which runs
    are scored on, are not for reading and never drawn. Raises UsageError for a name that the corpus does not have.
    `say`: see lookup.find.
    """
    table, name = ("ledger", dropped_by) if dropped_by else ("edits", edited_by) if edited_by else ("documents", None)
    ids = set(_ids(directory, table, name))
    if not ids and name is not None:
        _check_name(directory, table, name)
    if name is not None:  # one that left as a duplicate of another held-out one is held out, too
        ids -= set(_ids(directory, "ledger", f"{HELD_OUT}.{HELD_OUT}")) | _held_out(read_manifest(directory))
    chosen = heapq.nsmallest(number, ids, key=lambda each: (hash_int(seed, each), each))
    source = read_manifest(directory).input("documents")
    found = []
    for document_id in chosen:
        place: Place = find(source, "documents", document_id, say)[0]
        document = read_row(place.path, place.row)
        found.append(Sampled(document, follow(directory, place, document)))
    return found, len(ids)


def _held_out(manifest: Manifest) -> set[str]:
    """Ids of all held-out documents of the corpus's source."""
    if "split" not in manifest.inputs:
        return set()
    return set(read_table(manifest.input("split") / SPLIT_PATH, ["id"])["id"].to_pylist())


def _ids(directory: Path, table: str, name: str | None) -> Iterator[str]:
    paths = read_manifest(directory).parts(table)
    for rows in iter_tables(paths, ["id"] if name is None else ["id", "step", "rule"]):
        if name is not None:
            rows = rows.filter(pa.array([
                name in (step, rule, f"{step}.{rule}")
                for step, rule in zip(rows["step"].to_pylist(), rows["rule"].to_pylist(), strict=True)], pa.bool_()))
        yield from rows["id"].to_pylist()


def _check_name(directory: Path, table: str, name: str) -> None:
    """Raise UsageError unless the name is one of the corpus's steps or rules, which then did nothing."""
    manifest = read_manifest(directory)
    steps = [decode(entry) for entry in manifest.parameters["steps"]]
    pairs = [(step.name, rule.name) for step in steps for rule in step.spec.rules]
    pairs += [(step, rule.name) for step, rules in CORPUS_RULES.items() for rule in rules]
    if name not in {each for step, rule in pairs for each in (step, rule, f"{step}.{rule}")}:
        active = manifest.counted().lines_removed if table == "edits" else manifest.counted().dropped
        near = suggestion(name, [*active, *(step.name for step in steps)])
        raise UsageError(f"{directory}: no step or rule `{name}`{near}")
