"""Parquet as a kind of source: its options, and where its reader is."""

from dataclasses import dataclass

from maslin.manifests.recipe.sources import Later, SourceKind


@dataclass(frozen=True)
class ParquetColumns:
    """The columns of a Parquet source that hold what documents have.

    That of the text must be there, and every one that is named; None: the column of this name, if it is there.
    """

    text: str = "text"
    id: str | None = None
    url: str | None = None
    date: str | None = None
    language: str | None = None
    licence: str | None = None


@dataclass(frozen=True)
class ParquetOptions:
    """Anyone's documents, a row each, as Hugging Face datasets are stored. `columns`: where they have other names."""

    columns: ParquetColumns = ParquetColumns()


PARQUET = SourceKind(
    read=Later("maslin.curation.ingest.rows.parquet:read"), splits=Later("maslin.curation.ingest.rows.parquet:splits"),
    check=Later("maslin.curation.ingest.rows.parquet:check"), options=ParquetOptions,
    suffixes=(".parquet", ".pq"), belongs=Later("maslin.curation.ingest.told_by_content:is_parquet"),
    units=("site", "repository"))
