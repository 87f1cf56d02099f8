"""The same rows as people and tools leave them: how many documents are read, by us and by Hugging Face `datasets`.

    python -m benchmarks.rows                       # with polars, duckdb and fastparquet where they are installed

Each way writes the same documents into a folder of its own, which both are given by a pattern or by its name. A reader
that stops with an error has read none.
"""

import argparse
import bz2
import gzip
import json
import lzma
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from maslin.curation.ingest.records import Document, NoWatch
from maslin.manifests.errors import MaslinError
from maslin.manifests.recipe.inputs import find_inputs
from maslin.manifests.recipe.sources import source_kind

DOCUMENTS = 100
ROWS = [{"text": f"Document {number} – ü.", "id": number} for number in range(DOCUMENTS)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
OTHERS = {
    "README.md": b"---\nlicense: mit\n---\n# Card\n", "_SUCCESS": b"", ".DS_Store": b"\0\0\0\1Bud1",
    "._part-0.jsonl": b"\0\5",
    ".gitattributes": b"*.jsonl -text\n", "SHA256SUMS": b"00  part-0.jsonl\n", "part-0.jsonl.crc": b"crc\0",
    "_temporary/0/part-1.jsonl": LINES[:1000],
    "dataset_infos.json": b'{"default": {"features": {"text": {"dtype": "string"}}}}',
}
STRINGS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view(),
           pa.dictionary(pa.int32(), pa.string()))


def in_two(pack: Callable[[bytes], bytes]) -> bytes:
    """The lines in two compressed streams, one behind the other."""
    return pack(LINES[:1000]) + pack(LINES[1000:])


def arrow(kind: pa.DataType, folder: Path) -> None:
    texts = pa.array([row["text"] for row in ROWS]).cast(kind)
    pq.write_table(pa.table({"text": texts, "id": [row["id"] for row in ROWS]}), folder / "a.parquet")


def polars(folder: Path) -> None:
    import polars as pl

    pl.DataFrame(ROWS).write_parquet(folder / "a.parquet")


def duckdb(folder: Path) -> None:
    import duckdb as db

    rows = pa.Table.from_pylist(ROWS)
    db.sql(f"copy (select text, uuid() as id from rows) to '{folder / 'a.parquet'}'")
    assert rows


def fastparquet(folder: Path) -> None:
    import fastparquet as fp
    import pandas as pd

    fp.write(str(folder / "a.parquet"), pd.DataFrame(ROWS))


def files(named: dict[str, bytes], folder: Path) -> None:
    for name, data in named.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


# name → kind of source, what is asked for in the folder, what writes it
WAYS: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "plain": ("jsonl", "*", partial(files, {"a.jsonl": LINES})),
    **{f"{name}, two streams": ("jsonl", "*", partial(files, {f"a.jsonl{suffix}": in_two(pack)}))
       for name, suffix, pack in (("gzip", ".gz", gzip.compress), ("bzip2", ".bz2", bz2.compress),
                                  ("xz", ".xz", lzma.compress), ("zstandard", ".zst", zstandard.compress))},
    ".GZ": ("jsonl", "*", partial(files, {"a.jsonl.GZ": gzip.compress(LINES)})),
    "gzip called .jsonl": ("jsonl", "*", partial(files, {"a.jsonl": gzip.compress(LINES)})),
    "plain called .gz": ("jsonl", "*", partial(files, {"a.jsonl.gz": LINES})),
    "folder with others' files": ("jsonl", "", partial(files, {"part-0.jsonl": LINES, **OTHERS})),
    **{f"Parquet, {kind}": ("parquet", "*", partial(arrow, kind)) for kind in STRINGS},
    **{f"Parquet by {write.__name__}": ("parquet", "*", write) for write in (polars, duckdb, fastparquet)
       if find_spec(write.__name__)},
}


def ours(kind: str, path: Path, work: Path) -> int:
    """Documents that a source of this kind reads."""
    declared = source_kind(kind)
    try:
        inputs = find_inputs("rows", [str(path)], work, work / "workspace", is_input=declared.is_input)
    except MaslinError:
        return 0
    options = declared.options()
    return sum(isinstance(record, Document) for split in declared.splits(inputs, options)
               for record in declared.read(split, options, NoWatch()))


def of_datasets(kind: str, path: Path, work: Path) -> int | str:
    """Rows with a text that `datasets` gives, which is told that JSON is read."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetGenerationError

    where = {"data_files": str(path)} if path.name == "*" else {"data_dir": str(path)}
    try:
        rows = load_dataset("json" if kind == "jsonl" else kind, **where, split="train", cache_dir=str(work / "cache"))
    except (DatasetGenerationError, OSError, ValueError, UnicodeDecodeError):
        return 0
    return sum(bool(row["text"]) for row in rows)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"| {DOCUMENTS} documents | maslin | datasets |\n|---|---|---|")
    for number, (name, (kind, asked, write)) in enumerate(WAYS.items()):
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work) / f"way-{number}"
            folder.mkdir()
            write(folder)
            path = folder / asked if asked else folder
            print(f"| {name} | {ours(kind, path, Path(work))} | {of_datasets(kind, path, Path(work))} |", flush=True)


if __name__ == "__main__":
    main()
