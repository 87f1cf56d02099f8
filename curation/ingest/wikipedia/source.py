"""MediaWiki pages-articles dumps as a kind of source: where its reader is."""

from maslin.manifests.recipe.sources import Later, SourceKind

WIKIPEDIA = SourceKind(
    read=Later("maslin.curation.ingest.wikipedia.wikipedia:read"),
    splits=Later("maslin.curation.ingest.wikipedia.wikipedia:splits"), suffixes=(".xml",),
    belongs=Later("maslin.curation.ingest.told_by_content:is_dump"))
