"""Parquet as a kind of source: its options, and where its reader is."""

from dataclasses import dataclass

from maslin.manifests.recipe.sources import Later, SourceKind


@dataclass(frozen=True)
class ParquetColumns:
    """The columns of a Parquet source that hold what documents have. Only that of the text must be there."""

    text: str = "text"
    id: str = "id"
    url: str = "url"
    date: str = "date"
    language: str = "language"
    licence: str = "licence"


@dataclass(frozen=True)
class ParquetOptions:
    """Anyone's documents, a row each, as Hugging Face datasets are stored. `columns`: where they have other names."""

    columns: ParquetColumns = ParquetColumns()


PARQUET = SourceKind(
    read=Later("maslin.curation.ingest.rows.parquet:read"), splits=Later("maslin.curation.ingest.rows.parquet:splits"),
    options=ParquetOptions)
