"""Token shards from Megatron's indexed datasets: the ids as they are, with the table of documents that ours have."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.megatron import document_ids, read_index
from curation.token_shards import INDEX, load_cached
from manifests import progress
from manifests.errors import DataError, UsageError
from manifests.files import atomic_path, file_entry
from manifests.identity import document_id
from manifests.inputs import InputFile
from manifests.tables import TableWriter, part_name
from manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

PART_BYTES = 64 << 20  # of ids in a part, about
_DOCUMENTS = 256  # decoded at once


def import_tokens(step: Step, workspace: Workspace, mapper: Mapper, inputs: Sequence[InputFile]) -> dict[str, Any]:
    """Take over pairs of .idx and .bin, in the order of their names; returns the manifest.

    Ids become uint16 or uint32 as the vocabulary asks; a document without an end-of-text id behind it gets one, an
    empty one is left out. Ids of documents are hashes of file and number; bytes are those of the text they decode to.
    Raises UsageError for half a pair, DataError for damage and for ids beyond the vocabulary.
    """
    directory, tokenizer = workspace.path(step), step.input_steps()["tokenizer"]
    about = workspace.manifest(tokenizer)["summary"]
    dtype = "uint16" if about["vocab_size"] <= 1 << 16 else "uint32"
    ranges = [part for pair in _pairs(inputs) for part in _ranges(*pair)]
    tasks = [
        (directory, number, *part, workspace.path(tokenizer), dtype, about["vocab_size"], about["end_of_text"])
        for number, part in enumerate(ranges)
    ]
    results = run_shards(
        directory, _import_part, tasks, mapper, f"import {step.name}", unit="documents",
        total=sum(end - first for _, _, first, end in ranges))
    return commit(
        directory, step, [entry for result in results for entry in result["files"]],
        sizes={key: sum(result[key] for result in results) for key in ("tokens", "bytes", "documents")},
        summary={"dtype": dtype, "vocab_size": about["vocab_size"], "end_of_text": about["end_of_text"]},
    )


def _pairs(inputs: Sequence[InputFile]) -> list[tuple[InputFile, InputFile]]:
    by_name = {file.name: file for file in inputs}
    pairs = []
    for file in inputs:
        stem, dot, suffix = file.name.rpartition(".")
        other = f"{stem}{dot}{ {'idx': 'bin', 'bin': 'idx'}[suffix] }"
        if other not in by_name:
            raise UsageError(f"{file.path}: {Path(other).name} is not beside it; Megatron's data are such pairs.")
        if suffix == "idx":
            pairs.append((file, by_name[other]))
    return pairs


def _ranges(index_file: InputFile, data_file: InputFile) -> list[tuple[InputFile, Path, int, int]]:
    """(index, data, first document, end) of parts of about `PART_BYTES`."""
    index = read_index(index_file.path, data_file.bytes)
    documents = max(0, len(index.boundaries) - 1)
    before = np.concatenate([[0], np.cumsum(index.lengths, dtype=np.int64)])[index.boundaries]  # tokens, each document
    size = PART_BYTES // index.dtype.itemsize
    inner = np.searchsorted(before, np.arange(size, before[-1], size)).tolist() if documents else []
    return [
        (index_file, data_file.path, first, end) for first, end in itertools.pairwise(sorted({0, documents, *inner}))]


def _import_part(task: tuple[Path, int, InputFile, Path, int, int, Path, str, int, int]) -> ShardResult:
    directory, part, index_file, data_path, first, last, tokenizer_directory, dtype, vocab_size, end_of_text = task
    data = np.memmap(data_path, np.uint8, "r") if data_path.stat().st_size else np.empty(0, np.uint8)
    index = read_index(index_file.path, len(data))
    binary = directory / "tokens" / f"part-{part:05d}.bin"
    position = total_bytes = 0
    with (
        atomic_path(binary) as temporary, open(temporary, "wb") as file,
        TableWriter(directory, f"index/{part_name(part)}", INDEX) as table,
    ):
        for begin in range(first, last, _DOCUMENTS):
            numbers, documents = [], []
            for number in range(begin, min(last, begin + _DOCUMENTS)):
                ids = document_ids(index, data, number)
                if len(ids):
                    if int(ids.min()) < 0 or int(ids.max()) >= vocab_size:
                        wrong = int(ids.min()) if int(ids.min()) < 0 else int(ids.max())
                        raise DataError(
                            f"{index_file.path}: document {number} has the id {wrong}, the tokenizer's vocabulary has "
                            f"{vocab_size:,}: these tokens were made with another one.")
                    numbers.append(number)
                    documents.append(ids if ids[-1] == end_of_text else np.append(ids, end_of_text))
            sizes = _text_bytes(tokenizer_directory, documents)
            lengths = np.array([len(ids) for ids in documents], np.int64)
            ends = position + np.cumsum(lengths)
            file.write(np.concatenate([np.empty(0, np.uint32), *documents]).astype(np.dtype(dtype).newbyteorder("<")))
            table.write(pa.table({
                "id": [document_id("megatron", index_file.name, str(number)) for number in numbers],
                "start": ends - lengths, "end": ends, "bytes": sizes}, schema=INDEX))
            position += int(lengths.sum())
            total_bytes += sum(sizes)
            progress.advance(len(numbers), len(numbers))
    return {
        "files": [file_entry(directory, binary), table.entry],
        "tokens": position, "bytes": total_bytes, "documents": table.rows,
    }


def _text_bytes(tokenizer_directory: Path, documents: Sequence[np.ndarray]) -> list[int]:
    """UTF-8 bytes of the text of each document, without its end-of-text."""
    texts = load_cached(tokenizer_directory).decode_batch(
        [ids[:-1].tolist() for ids in documents], skip_special_tokens=False)
    return [len(text.encode()) for text in texts]
