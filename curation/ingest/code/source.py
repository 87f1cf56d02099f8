"""Source code as a kind of source: its options, and where its reader is."""

from dataclasses import dataclass, field

from maslin.manifests.recipe.sources import Later, SourceKind


@dataclass(frozen=True)
class CodeOptions:
    """Archives and folders: files of more than `max_file_bytes` are dropped as `too_large`."""

    max_file_bytes: int = field(default=1 << 20, metadata={"min": 1, "max": 2**40})


CODE = SourceKind(
    read=Later("maslin.curation.ingest.code.code:read"), splits=Later("maslin.curation.ingest.code.code:splits"),
    options=CodeOptions, libraries=("resiliparse",), folders_are_inputs=True,
    suffixes=(".tar", ".tgz", ".tbz2", ".txz", ".zip", ".whl", ".crate"),
    belongs=Later("maslin.curation.ingest.told_by_content:is_code_archive"), units=("repository",))
