"""`maslin explain`: the way of one document through every corpus: raw record, values, edits, and why it left."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from manifests.errors import UsageError
from manifests.files import read_json
from manifests.workspace import is_complete, read_manifest

_ID = re.compile(r"[0-9a-f]{32}")
_TEXT_LINES = 40
_LINE_CHARACTERS = 160


def run(query: str, workspace: Path, corpus: str | None) -> int:
    """Print what happened to the document with this id or URL (or source path) in every corpus of the workspace."""
    corpora = _corpora(workspace, corpus)
    sources: dict[str, list[Path]] = {}
    for directory in corpora:
        sources.setdefault(read_manifest(directory)["identity"]["inputs"]["documents"], []).append(directory)
    found = False
    for source, directories in sources.items():
        for row in _documents(workspace / source, query):
            found = True
            _print_origin(row)
            for directory in directories:
                _print_way(directory, row)
        for row in _removed_at_ingest(workspace / source, query):
            found = True
            print(f"{row['id']}  left at ingest of source {row['source']}: {_decision(row)}")
    if not found:
        raise UsageError(
            f"{query}: no document with this id, URL or path among {', '.join(sorted(sources))}. "
            "Give the full id (32 hex digits), the URL as the crawl has it, or its last part.")
    return 0


def _corpora(workspace: Path, name: str | None) -> list[Path]:
    """The corpus directories that the workspace's recipes point to."""
    found: dict[Path, None] = {}
    for lock in sorted((workspace / "recipes").glob("*.lock.json")):
        for corpus, directory in read_json(lock)["corpora"].items():
            if name in (None, corpus) and is_complete(workspace / directory):
                found[workspace / directory] = None
    if not found:
        what = f"corpus {name}" if name else "finished corpus"
        raise UsageError(f"{workspace}: no {what} here. Build it with `maslin curate`, or give --workspace.")
    return list(found)


def _parts(directory: Path, table: str) -> Iterator[pq.ParquetFile]:
    for path in sorted((directory / table).glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            yield file


def _rows(directory: Path, table: str, column: str, value: str) -> Iterator[dict[str, Any]]:
    """Rows of a step's table whose column equals the value; reads other columns only where there is one."""
    for file in _parts(directory, table):
        for group in range(file.num_row_groups):
            mask = pc.equal(file.read_row_group(group, columns=[column])[column], value)
            if pc.any(mask).as_py():
                yield from file.read_row_group(group).filter(mask).to_pylist()


def _documents(directory: Path, query: str) -> Iterator[dict[str, Any]]:
    if _ID.fullmatch(query):
        yield from _rows(directory, "documents", "id", query)
        return
    exact = list(_rows(directory, "documents", "url", query))
    if exact:
        yield from exact
        return
    for file in _parts(directory, "documents"):  # the end of a URL or path will do, when it is only one
        for group in range(file.num_row_groups):
            urls = file.read_row_group(group, columns=["url"])["url"]
            mask = pc.fill_null(pc.ends_with(urls, query), False)
            if pc.any(mask).as_py():
                yield from file.read_row_group(group).filter(mask).to_pylist()


def _removed_at_ingest(directory: Path, query: str) -> Iterator[dict[str, Any]]:
    if _ID.fullmatch(query):
        yield from _rows(directory, "ledger", "id", query)
    else:
        for file in _parts(directory, "ledger"):
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                mask = pc.fill_null(pc.match_substring(rows["detail"], query), False)
                yield from rows.filter(mask).to_pylist()


def _print_origin(row: dict[str, Any]) -> None:
    origin = row["origin"]
    print(f"document {row['id']}")
    print(f"  url       {row['url']}")
    print(f"  source    {row['source']}   date {row['date']}   licence {row['licence']}   language {row['language']}")
    place = "" if origin["offset"] is None else f" at byte {origin['offset']}, {origin['length']} bytes"
    print(f"  raw       {origin['file']}{place}")
    print(f"  extracted {len(row['text']):,} characters, {len(row['text'].encode()):,} bytes")


def _print_way(directory: Path, row: dict[str, Any]) -> None:
    identity = read_manifest(directory)["identity"]
    print(f"\n  corpus {identity['name']}  ({directory})")
    signals = next(_rows(directory, "signals", "id", row["id"]), {})
    left = next(_rows(directory, "ledger", "id", row["id"]), None)
    edits = list(_rows(directory, "edits", "id", row["id"]))
    steps = [entry["step"] for entry in identity["parameters"]["steps"]]
    for index, name in enumerate(steps):
        if left and left["step_index"] < index:
            break
        values = [
            f"{key.removeprefix(name + '.')} {_number(value)}" for key, value in sorted(signals.items())
            if key.startswith(name + ".") and value is not None
        ]
        changed = sum(1 for edit in edits if edit["step_index"] == index)
        outcome = _decision(left) if left and left["step_index"] == index else "passed"
        edited = f"; {changed} edits" if changed else ""
        print(f"    {index} {name:<13} {outcome}{edited}{'   [' + ', '.join(values) + ']' if values else ''}")
    if left and left["step_index"] >= len(steps):
        print(f"    {left['step_index']} {left['step']:<13} {_decision(left)}")
    if left is None:
        print("    kept")
    if edits:
        _print_edits(row["text"], edits)


def _decision(row: dict[str, Any]) -> str:
    """`dropped by too_few_sentences: 2 < 3`, as far as the ledger row says."""
    verb = "failed with" if row["action"] == "fail" else "dropped by"
    text = f"{verb} {row['rule']}"
    if row["value"] is not None:
        text += f": {_number(row['value'])}"
        if row["threshold"] is not None:
            text += f" {row['op'] or 'against'} {_number(row['threshold'])}"
    if row["detail"]:
        text += f" ({row['detail']})"
    if row["survivor_id"]:
        similarity = f", similarity {row['similarity']:.3f}" if row["similarity"] is not None else ""
        text += f"; stays: {row['survivor_id']}{similarity}"
    return text


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _print_edits(text: str, edits: list[dict[str, Any]]) -> None:
    """The text as the first editing step met it, its changes marked with their rules."""
    first = min(edit["step_index"] for edit in edits)
    lines = text.splitlines()
    starts = {edit["line_start"]: edit for edit in edits if edit["step_index"] == first}
    shown = index = 0
    print(f"    edits of step {first} ({next(iter(starts.values()))['step']}):")
    while index < len(lines) and shown < _TEXT_LINES:
        if edit := starts.get(index):
            for line in lines[edit["line_start"]:edit["line_end"]]:
                print(f"      - {line[:_LINE_CHARACTERS]}   ‹{edit['rule']}›")
                shown += 1
            for line in (edit["replacement"] or "").splitlines() if edit["replacement"] is not None else ():
                print(f"      + {line[:_LINE_CHARACTERS]}")
            index = max(edit["line_end"], index + 1)
        else:
            print(f"        {lines[index][:_LINE_CHARACTERS]}")
            index += 1
            shown += 1
    if index < len(lines):
        print(f"      … {len(lines) - index:,} more lines")
