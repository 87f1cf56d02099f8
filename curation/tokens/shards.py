"""Token shards: the ids of a corpus, flat and memory-mappable, and the table of its documents."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.tokens.imported import import_tokens
from maslin.curation.tokens.tokenizer import load_encoder
from maslin.manifests import progress
from maslin.manifests.counts import Counts, add, sum_counts
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.tables import TOKEN_INDEX, TableWriter, open_table, part_name
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

CARRIED_COLUMNS = ("split", "site")  # of held-out documents, if they are there
BATCH_BYTES = 4 << 20  # of text encoded at once


def build_tokens(
    step: Step, workspace: Workspace, mapper: Mapper, inputs: Sequence[InputFile] = (),
) -> Manifest:
    """Encode every part of a corpus or held-out domain; part NNNNN of tokens and index is part NNNNN of its documents.

    After each document comes one end-of-text id. Special tokens' names in a text are text, but for the step's
    `special_tokens`, if it has any. With `duplicates`, those documents alone are taken that stand for so many (from,
    to; null: or more), and the others counted as dropped. Tokens made elsewhere (a step with a `kind`) are taken over
    from `inputs`. Returns the manifest.
    """
    directory = workspace.path(step)
    tokenizer = step.input_steps()["tokenizer"]
    if "kind" in step.parameters:
        return import_tokens(step, workspace, mapper, inputs)
    documents = step.input_steps()["documents"]
    about = workspace.manifest(tokenizer).summary
    manifest = workspace.manifest(documents)
    parts = manifest.entries("documents")
    dtype = "uint16" if about["vocab_size"] <= 1 << 16 else "uint32"
    tasks = [
        (directory, index, workspace.path(documents) / entry.path, workspace.path(tokenizer), dtype,
         about["end_of_text"], tuple(step.parameters.get("special_tokens", ())), step.parameters.get("duplicates"))
        for index, entry in enumerate(parts)
    ]
    results = run_shards(
        directory, _encode_part, tasks, mapper, f"tokens {step.name}", unit="documents",
        total=sum(entry.rows or 0 for entry in parts),
    )
    counts = None
    if "duplicates" in step.parameters:
        counts = sum_counts(result["counts"] for result in results)
        counts.check_conservation(step.directory)
    return commit(
        directory, step, [entry for result in results for entry in result["files"]], counts=counts,
        sizes={key: sum(result[key] for result in results) for key in ("tokens", "bytes", "documents")},
        summary={"dtype": dtype, "vocab_size": about["vocab_size"], "end_of_text": about["end_of_text"]},
    )


def _encode_part(
    task: tuple[Path, int, Path, Path, str, int, tuple[str, ...], tuple[int, int | None] | None],
) -> ShardResult:
    directory, part, documents, tokenizer_directory, dtype, end_of_text, special, duplicates = task
    encoder = load_encoder(tokenizer_directory)
    if encoder.slow:
        progress.note(f"encoding by the library `tokenizers`, since of the tokenizer {encoder.slow}")
    with open_table(documents) as table:
        carried = [field for field in table.schema_arrow if field.name in CARRIED_COLUMNS]
    binary = directory / "tokens" / f"part-{part:05d}.bin"
    position = total_bytes = 0
    counts = Counts()
    columns = ["id", "text", *(field.name for field in carried), *([] if duplicates is None else ["duplicates"])]
    with (
        atomic_path(binary) as temporary, open(temporary, "wb") as file,
        TableWriter(directory, f"index/{part_name(part)}", pa.schema([*TOKEN_INDEX, *carried])) as index,
    ):
        for table in _batches(documents, columns):
            counts.read += table.num_rows
            if duplicates is not None:
                table = _within(table, *duplicates)
            if not table.num_rows:
                continue
            ids, tokens = encoder.encode(table["text"], end_of_text, special)
            file.write(ids.astype(np.dtype(dtype).newbyteorder("<")).tobytes())
            ends = position + np.cumsum(tokens)
            sizes = pc.cast(pc.binary_length(table["text"]), pa.int64())
            index.write(pa.table({
                "id": table["id"], "start": ends - tokens, "end": ends, "bytes": sizes,
                **{field.name: table[field.name] for field in carried},
            }))
            position += len(ids)
            total_bytes += pc.sum(sizes).as_py() or 0
            progress.advance(table.num_rows, table.num_rows)
    counts.kept = index.rows
    add(counts.dropped, "duplicates", counts.read - counts.kept)
    return {
        "counts": counts.to_json(),
        "files": [file_entry(directory, binary), index.entry],
        "tokens": position, "bytes": total_bytes, "documents": index.rows,
    }


def _within(table: pa.Table, least: int, most: int | None) -> pa.Table:
    """The documents that stand for so many duplicates."""
    number = table["duplicates"]
    there = pc.greater_equal(number, least)
    return table.filter(there if most is None else pc.and_(there, pc.less_equal(number, most)))


def _batches(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    """The rows of a documents file in tables of at most about `BATCH_BYTES` of text, none of them empty."""
    with open_table(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=columns)
            begun = np.cumsum(pc.binary_length(table["text"]).to_numpy()) // BATCH_BYTES
            edges = [0, *(np.flatnonzero(np.diff(begun)) + 1).tolist(), table.num_rows]
            for start, stop in itertools.pairwise(edges):
                if stop > start:
                    yield table.slice(start, stop - start)
