"""Documents on disk as stages have them, for tests of what reads stages."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.tables import DOCUMENTS, part_name, write_table


def make_id(name: str) -> str:
    return hashlib.md5(name.encode()).hexdigest()


def documents_table(
    texts: dict[str, str], source: str = "web", urls: Mapping[str, str] = MappingProxyType({}),
) -> pa.Table:
    """One document an entry: id → text; its address, if `urls` has one."""
    return pa.Table.from_pylist(
        [{"id": id, "text": text, "source": source, "url": urls.get(id)} for id, text in texts.items()],
        schema=DOCUMENTS)


def write_shards(root: Path, shards: list[dict[str, str]], source: str = "web") -> list[StageShard]:
    for index, texts in enumerate(shards):
        write_table(root, f"documents/{part_name(index)}", documents_table(texts, source))
    return [StageShard(root / "documents" / part_name(index)) for index in range(len(shards))]


def read_surviving(shard: StageShard, columns: list[str] | None = None) -> pa.Table:
    """All surviving rows of a shard, in the order of its file."""
    schema = pq.read_schema(shard.path)
    empty = (schema if columns is None else pa.schema([schema.field(name) for name in columns])).empty_table()
    return pa.concat_tables([empty, *iter_surviving(shard, columns)])


def sentence(start: int, words: int) -> str:
    """A text of `words` different words: no shingle twice."""
    return " ".join(f"w{i}" for i in range(start, start + words))
