"""A corpus or its token shards for other tools: Megatron's indexed dataset, or a folder that `datasets` loads."""

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.tokens.megatron import write_index
from maslin.manifests.errors import UsageError
from maslin.manifests.files import atomic_path, write_text
from maslin.manifests.manifest import Manifest
from maslin.manifests.soundness import checked
from maslin.manifests.tables import TableWriter, iter_tables, read_table
from maslin.manifests.workspace import read_manifest

_COPY_BYTES = 1 << 20
_PLAIN = re.compile(r"[\w.+() -]{1,80}")  # a licence as SPDX has it; anything else in that column is not shown
_DTYPES = {"uint16": np.dtype("<u2"), "uint32": np.dtype("<u4")}


def export_megatron(directory: Path, target: Path) -> list[Path]:
    """Write `<target>/<name>.bin` and `.idx`, every document one sequence with its end-of-text id, and the tokenizer.

    The ids are the shards' bytes as they lie: uint16, or int32 for a vocabulary beyond 65,536 (ids are below 2^31).
    Returns the files. Raises UsageError when `directory` is no tokens step, or holds held-out documents.
    """
    manifest = _manifest(directory, ("tokens",))
    summary = manifest.summary
    root = directory.resolve().parent.parent
    name = manifest.name
    tokenizer = root / manifest.inputs["tokenizer"]
    files = [target / f"{name}.bin", target / f"{name}.idx"]
    copies = {
        target / "tokenizer" / entry.path: tokenizer / entry.path
        for entry in (read_manifest(tokenizer).files if tokenizer.is_dir() else [])
    }
    _refuse_existing([*files, *copies])
    with atomic_path(files[0]) as temporary, open(temporary, "wb") as sink:
        for path in manifest.parts("tokens"):
            with open(checked(path), "rb") as source:
                shutil.copyfileobj(source, sink, _COPY_BYTES)
    lengths = [
        (table["end"].to_numpy() - table["start"].to_numpy()).astype(np.int32)
        for table in iter_tables(manifest.parts("index"), ["start", "end"])
    ]
    dtype = np.dtype("<u2" if summary["dtype"] == "uint16" else "<i4")
    write_index(files[1], dtype, np.concatenate([np.empty(0, np.int32), *lengths]))
    for path, source in copies.items():
        with atomic_path(path) as temporary:
            shutil.copyfile(checked(source), temporary)
    return [*files, *copies]


def export_datasets(directory: Path, target: Path) -> list[Path]:
    """Write Parquet files below `<target>/data` and a dataset card, so that `datasets.load_dataset(target)` reads them.

    Documents are copied as they lie; of token shards a row is a document: `id`, `input_ids` with its end-of-text id,
    `bytes`. Returns the files. Raises UsageError for other steps, and for held-out documents.
    """
    manifest = _manifest(directory, ("documents", "corpus", "tokens"))
    tokens = manifest.kind == "tokens"
    sources = manifest.parts("index" if tokens else "documents")
    files = [target / f"data/train-{number:05d}-of-{len(sources):05d}.parquet" for number in range(len(sources))]
    _refuse_existing([*files, target / "README.md"])
    licences: Counter[str] = Counter()
    rows = 0
    for number, (path, source) in enumerate(zip(files, sources, strict=True)):
        if tokens:
            rows += _write_ids(target, path, source, manifest.parts("tokens")[number], manifest)
        else:
            with atomic_path(path) as temporary:
                shutil.copyfile(checked(source), temporary)
            found = read_table(source, ["licence"])["licence"]
            rows += len(found)
            licences.update({row["values"]: row["counts"] for row in pc.value_counts(found).to_pylist()})
    write_text(target / "README.md", _card(manifest, rows, licences))
    return [*files, target / "README.md"]


def _manifest(directory: Path, kinds: tuple[str, ...]) -> Manifest:
    manifest = read_manifest(directory)
    if manifest.inputs.get("documents", "").startswith("held_out/") or manifest.kind == "held_out":
        raise UsageError(
            f"{directory}: holds held-out documents. They stay where they are: what is trained on elsewhere can no "
            "longer be compared on.")
    if manifest.kind not in kinds:
        raise UsageError(f"{directory}: holds {manifest.kind}; give a directory of {' or '.join(kinds)}.")
    return manifest


def _refuse_existing(paths: list[Path]) -> None:
    for path in paths:
        if path.exists():
            raise UsageError(f"{path}: exists already; give another folder, or remove it.")


def _write_ids(target: Path, path: Path, index: Path, binary: Path, manifest: Manifest) -> int:
    """Ids of a part as lists, a row group of its index at a time; returns its documents."""
    dtype = _DTYPES[manifest.summary["dtype"]]
    schema = pa.schema([
        ("id", pa.string()), ("input_ids", pa.list_(pa.from_numpy_dtype(dtype))), ("bytes", pa.int64())])
    with TableWriter(target, path.relative_to(target).as_posix(), schema) as writer:
        for table in iter_tables([index], ["id", "start", "end", "bytes"]):
            if table.num_rows:
                first, end = table["start"][0].as_py(), table["end"][-1].as_py()
                ids = np.fromfile(checked(binary), dtype, end - first, offset=first * dtype.itemsize)
                offsets = np.append(table["start"].to_numpy(), end) - first
                lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ids))
                writer.write(pa.table({"id": table["id"], "input_ids": lists, "bytes": table["bytes"]}))
    return writer.rows


def _card(manifest: Manifest, rows: int, licences: Counter[str | None]) -> str:
    """A dataset card: what `datasets` is to load, and what the rows are made of."""
    sizes = ", ".join(f"{number:,} {key}" for key, number in sorted(manifest.sizes.items()))
    lines = [
        "---", "configs:", "- config_name: default", "  data_files:", "  - split: train",
        "    path: data/train-*.parquet", "---", "", f"# {manifest.name}", "",
        f"{rows:,} documents, made by Maslin: {manifest.kind} `{manifest.name}@{manifest.digest}` ({sizes}).",
    ]
    if manifest.kind == "tokens":
        about = manifest.summary
        lines += ["", f"`input_ids` are of the tokenizer `{manifest.inputs['tokenizer']}`, a vocabulary of "
                      f"{about['vocab_size']:,}; each document ends with the end-of-text id {about['end_of_text']}."]
    if licences:
        shown: Counter[str] = Counter()
        for name, number in licences.items():
            shown["not known" if name is None else name if _PLAIN.fullmatch(name) else "other"] += number
        lines += ["", "Every document keeps its own licence (`licence`) and address (`url`):", "",
                  "| licence | documents |", "|---|---|"]
        ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"| {name} | {number:,} |" for name, number in ordered]
    return "\n".join(lines) + "\n"
