"""A corpus's MinHash signatures for datasketch: a row a document, which `LeanMinHash.deserialize` reads.

With the permutations, shingles and words of the corpus's own `near_dedup`, or its defaults where it has none.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.words import split_words
from maslin.curation.tokens.export import Exported, manifest_of, refuse_existing
from maslin.manifests.manifest import Manifest
from maslin.manifests.steps.dedup import NEAR_DEDUP, NearDedup
from maslin.manifests.tables import TableWriter, iter_tables, part_name

SIGNATURES = pa.schema([("id", pa.string()), ("minhash", pa.binary())])
_AFFINE32 = 1  # datasketch's code of the scheme in what it serializes


def export_minhash(directory: Path, target: Path) -> Exported:
    """Write `<target>/signatures/part-NNNNN.parquet` by datasketch's scheme `affine32`, its own since 2.0.

    Raises UsageError when `directory` holds no documents, or held-out ones.
    """
    return _export(directory, target, "affine32")


def export_minhash_legacy(directory: Path, target: Path) -> Exported:
    """As above, by the scheme `legacy`, for indexes that datasketch made before 2.0."""
    return _export(directory, target, "legacy")


def _export(directory: Path, target: Path, scheme: str) -> Exported:
    manifest = manifest_of(directory, ("documents", "corpus"))
    near = _parameters(manifest)
    sources = manifest.parts("documents")
    names = [f"signatures/{part_name(index)}" for index in range(len(sources))]
    refuse_existing([target / name for name in names])
    for name, source in zip(names, sources, strict=True):
        with TableWriter(target, name, SIGNATURES) as writer:
            for table in _signed(source, near, scheme):
                writer.write(table)
    return Exported([target / name for name in names], [
        f"{near.permutations} permutations of seed {near.seed}, scheme {scheme}, shingles of {near.shingle_words} "
        f"words ({near.words}): `datasketch.LeanMinHash.deserialize(row['minhash'])`."])


def _parameters(manifest: Manifest) -> NearDedup:
    """Of the last `near_dedup` of a corpus."""
    steps = [step for step in manifest.parameters.get("steps", ()) if step["step"] == NEAR_DEDUP.name]
    return NEAR_DEDUP.decode(steps[-1]["parameters"]) if steps else NearDedup()


def _signed(source: Path, near: NearDedup, scheme: str) -> Iterator[pa.Table]:
    import datasketch  # a second of processor time

    sign = {"affine32": minhash.signatures, "legacy": minhash.legacy_signatures}[scheme]
    permutations = datasketch.MinHash(near.permutations, seed=near.seed, scheme=scheme).permutations
    for table in iter_tables([source], ["id", "text"]):
        hashes, offsets = minhash.shingle_hashes(split_words(table["text"], near.words), near.shingle_words)
        rows = serialized(sign(hashes, offsets, *permutations), near.seed, scheme)
        yield pa.table([table["id"], rows], schema=SIGNATURES)


def serialized(signatures: np.ndarray, seed: int, scheme: str) -> pa.Array:
    """What `LeanMinHash.serialize` writes, in this machine's byte order: seed, number of values, (scheme,) values."""
    count = signatures.shape[1]
    head = [("seed", np.int64), ("count", np.int32)]
    if scheme != "legacy":  # marked by a negative number
        head += [("scheme", np.uint8), ("", np.void, 3)]
    rows = np.zeros(len(signatures), np.dtype([*head, ("values", np.uint32, count)]))
    rows["seed"], rows["values"] = seed, signatures
    rows["count"] = count if scheme == "legacy" else -count
    if scheme != "legacy":
        rows["scheme"] = _AFFINE32
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(rows.itemsize), len(rows), [None, pa.py_buffer(rows.tobytes())]).cast(pa.binary())
