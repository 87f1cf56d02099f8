"""`maslin export`: a corpus or its token shards in a format that other tools read."""

from pathlib import Path

from maslin.manifests.errors import UsageError


def run(path: Path, form: str, target: Path) -> int:
    """Write the files of a finished step directory into a folder, and say which."""
    from maslin.curation.tokens.export import export_datasets, export_megatron

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; give a folder.")
    files = (export_megatron if form == "megatron" else export_datasets)(path, target)
    for file in files:
        print(f"{file.stat().st_size:>16,} bytes  {file}")
    return 0
