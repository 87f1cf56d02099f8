"""Token shards made elsewhere: the ids as they are, with the table of documents that ours have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.curation.tokens.readers import READERS, TokenSplit
from maslin.curation.tokens.tokenizer import load_cached
from maslin.manifests import progress
from maslin.manifests.errors import DataError
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.tables import TOKEN_INDEX, TableWriter, part_name
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

_DOCUMENTS = 256  # decoded at once


@dataclass(frozen=True)
class _Task:
    directory: Path
    part: int
    kind: str
    split: TokenSplit
    tokenizer: Path
    dtype: str
    vocab_size: int
    end_of_text: int


def import_tokens(step: Step, workspace: Workspace, mapper: Mapper, inputs: Sequence[InputFile]) -> Manifest:
    """Take over token shards, in the order of their files' names; returns the manifest.

    Ids become uint16 or uint32 as the vocabulary asks; a document without an end-of-text id behind it gets one, an
    empty one is left out. Bytes are those of the text that a document decodes to. Raises UsageError for files that
    are missing, DataError for damage and for ids beyond the vocabulary.
    """
    directory, tokenizer = workspace.path(step), step.input_steps()["tokenizer"]
    about = workspace.manifest(tokenizer).summary
    kind, dtype = step.parameters["kind"], "uint16" if about["vocab_size"] <= 1 << 16 else "uint32"
    splits = import_module(READERS[kind]).splits(inputs)
    tasks = [
        _Task(directory, part, kind, split, workspace.path(tokenizer), dtype, about["vocab_size"], about["end_of_text"])
        for part, split in enumerate(splits)
    ]
    results = run_shards(
        directory, _import_part, tasks, mapper, f"import {step.name}", unit="documents",
        total=sum(split.documents for split in splits))
    return commit(
        directory, step, [entry for result in results for entry in result["files"]],
        sizes={key: sum(result[key] for result in results) for key in ("tokens", "bytes", "documents")},
        summary={"dtype": dtype, "vocab_size": about["vocab_size"], "end_of_text": about["end_of_text"]},
    )


def _import_part(task: _Task) -> ShardResult:
    binary = task.directory / "tokens" / f"part-{task.part:05d}.bin"
    dtype = np.dtype(task.dtype).newbyteorder("<")
    position = total_bytes = 0
    with (
        atomic_path(binary) as temporary, open(temporary, "wb") as file,
        TableWriter(task.directory, f"index/{part_name(task.part)}", TOKEN_INDEX) as table,
    ):
        documents = _checked(task)
        while batch := list(islice(documents, _DOCUMENTS)):
            sizes = _text_bytes(task.tokenizer, [ids for _, ids in batch])
            lengths = np.array([len(ids) for _, ids in batch], np.int64)
            ends = position + np.cumsum(lengths)
            file.write(np.concatenate([ids.astype(dtype) for _, ids in batch]).tobytes())
            table.write(pa.table({
                "id": [id for id, _ in batch], "start": ends - lengths, "end": ends, "bytes": sizes},
                schema=TOKEN_INDEX))
            position += int(lengths.sum())
            total_bytes += sum(sizes)
            progress.advance(len(batch), len(batch))
    return {
        "files": [file_entry(task.directory, binary), table.entry],
        "tokens": position, "bytes": total_bytes, "documents": table.rows,
    }


def _checked(task: _Task) -> Iterator[tuple[str, np.ndarray]]:
    """The documents that hold a token, each with its end of text; DataError for an id that the vocabulary has not."""
    for number, (id, ids) in enumerate(import_module(READERS[task.kind]).read(task.split)):
        if not len(ids):
            continue
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= task.vocab_size:
            raise DataError(
                f"{task.split.files[0].path}: document {id}, number {number} of part {task.part}, has the token id "
                f"{low if low < 0 else high}, but the vocabulary of the tokenizer has {task.vocab_size:,}: these "
                "tokens were made with another one.")
        yield id, ids if ids[-1] == task.end_of_text else np.append(ids, task.end_of_text)


def _text_bytes(tokenizer: Path, documents: Sequence[np.ndarray]) -> list[int]:
    """UTF-8 bytes of the text of each document, without its end-of-text."""
    texts = load_cached(tokenizer).decode_batch([ids[:-1].tolist() for ids in documents], skip_special_tokens=False)
    return [len(text.encode()) for text in texts]
