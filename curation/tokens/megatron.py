"""Megatron's indexed dataset: `<prefix>.bin`, the ids one after another, and `<prefix>.idx`, where sequences lie in it.

The index, little-endian: the magic `MMIDIDX\\0\\0`, version 1 (uint64), a code of the ids' type (uint8), the number of
sequences and of document boundaries (uint64 each), then of every sequence its tokens (int32) and its first byte in the
.bin (int64), then the boundaries (int64): document i holds the sequences from boundary i up to boundary i + 1. Index
files of multimodal data go on with a mode of every sequence, which is left unread.
Source: megatron/core/datasets/indexed_dataset.py of NVIDIA/Megatron-LM.
"""

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maslin.curation.tokens import readers
from maslin.curation.tokens.readers import TokenSplit
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.files import atomic_path
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile

_HEADER = struct.Struct("<9sQBQQ")
_MAGIC, _VERSION = b"MMIDIDX\0\0", 1
_DTYPES = {1: "<u1", 2: "<i1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}  # 6 and 7 are floats: no ids


@dataclass(frozen=True)
class Index:
    """What an .idx says: `lengths` in tokens and `pointers` in bytes, of each sequence; `boundaries` in sequences."""

    dtype: np.dtype
    lengths: np.ndarray
    pointers: np.ndarray
    boundaries: np.ndarray


def write_index(path: Path, dtype: np.dtype, lengths: np.ndarray) -> None:
    """Write an .idx in which every document is one sequence and they lie one after another. `lengths`: int32."""
    ends = np.cumsum(lengths, dtype=np.int64) * dtype.itemsize
    code = next(code for code, name in _DTYPES.items() if np.dtype(name) == dtype)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(_HEADER.pack(_MAGIC, _VERSION, code, len(lengths), len(lengths) + 1))
        for values, kind in (
            (lengths, "<i4"), (ends - lengths * np.int64(dtype.itemsize), "<i8"), (np.arange(len(lengths) + 1), "<i8"),
        ):
            file.write(values.astype(kind).tobytes())


def read_index(path: Path, data_bytes: int) -> Index:
    """Read and check an .idx whose .bin has `data_bytes`.

    Raises DataError when it is damaged, holds no whole numbers, or points beyond its .bin.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(_MAGIC):
        raise DataError(f"{path}: not an index of Megatron: it does not begin with MMIDIDX.")
    _, version, code, sequences, boundaries = _HEADER.unpack(head)
    if version != _VERSION:
        raise DataError(f"{path}: version {version} of Megatron's index; version {_VERSION} can be read.")
    if code not in _DTYPES:
        raise DataError(f"{path}: type code {code} is none of whole numbers: {', '.join(map(str, _DTYPES))}.")
    if size < _HEADER.size + 12 * sequences + 8 * boundaries:
        raise DataError(f"{path}: cut short: {size:,} bytes cannot hold {sequences:,} sequences.")
    offsets = np.cumsum([_HEADER.size, 4 * sequences, 8 * sequences])
    index = Index(
        np.dtype(_DTYPES[code]),
        *(np.memmap(path, kind, "r", int(offset), count) if count else np.empty(0, kind) for kind, offset, count in zip(
            ("<i4", "<i8", "<i8"), offsets, (sequences, sequences, boundaries), strict=True)))
    room = data_bytes - index.pointers  # behind the first byte of each sequence
    if sequences and (
        min(index.lengths.min(), index.pointers.min()) < 0
        or (index.lengths * np.int64(index.dtype.itemsize) > room).any()
    ):
        raise DataError(f"{path}: points outside of its .bin of {data_bytes:,} bytes: the two do not belong together.")
    if boundaries and (index.boundaries[0] != 0 or index.boundaries[-1] != sequences or (
        np.diff(index.boundaries) < 0).any()):
        raise DataError(f"{path}: its documents are not its {sequences:,} sequences in order.")
    return index


def splits(inputs: Sequence[InputFile]) -> list[TokenSplit]:
    """Documents `first` to `end` of pairs of .idx and .bin. Raises UsageError for half a pair."""
    by_name = {file.name: file for file in inputs}
    found = []
    for file in inputs:
        other = file.name[:-4] + {".idx": ".bin", ".bin": ".idx"}[file.name[-4:]]
        if other not in by_name:
            raise UsageError(f"{file.path}: {Path(other).name} is not beside it; Megatron's data are such pairs.")
        if file.name.endswith(".idx"):
            found += _cut(file, by_name[other])
    return found


def _cut(index_file: InputFile, data_file: InputFile) -> list[TokenSplit]:
    index = read_index(index_file.path, data_file.bytes)
    documents = max(0, len(index.boundaries) - 1)
    before = np.concatenate([[0], np.cumsum(index.lengths, dtype=np.int64)])[index.boundaries]  # tokens, each document
    size = readers.PART_BYTES // index.dtype.itemsize
    inner = np.searchsorted(before, np.arange(size, before[-1], size)).tolist() if documents else []
    return [
        TokenSplit((index_file, data_file), first, end, end - first)
        for first, end in itertools.pairwise(sorted({0, documents, *inner}))
    ]


def read(split: TokenSplit) -> Iterator[tuple[str, np.ndarray]]:
    """The documents of the split; their ids are hashes of file and number, as the format has no place for any."""
    index_file, data_file = split.files
    index = read_index(index_file.path, data_file.bytes)
    data = np.memmap(data_file.path, np.uint8, "r") if data_file.bytes else np.empty(0, np.uint8)
    for document in range(split.first, split.end):
        pieces: list[np.ndarray] = [
            data[index.pointers[place] :][: index.lengths[place] * index.dtype.itemsize].view(index.dtype)
            for place in range(int(index.boundaries[document]), int(index.boundaries[document + 1]))
        ]
        ids = np.concatenate([np.empty(0, index.dtype), *pieces])
        yield document_id("megatron", index_file.name, str(document)), ids
