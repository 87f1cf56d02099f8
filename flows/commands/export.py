"""`maslin export`: a corpus or its token shards in a format that other tools read."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, runs, safe_path
from maslin.flows.shown.answers import Exported
from maslin.flows.shown.text import print_json
from maslin.flows.step_directories import step_directory
from maslin.manifests.errors import UsageError
from maslin.manifests.named import named

# form → the function that writes it
FORMS = {form: f"maslin.curation.tokens.export:export_{form}" for form in ("megatron", "datasets", "jsonl", "csv")} | {
    "minhash": "maslin.curation.dedup.near.signatures_export:export_minhash",
    "minhash-legacy": "maslin.curation.dedup.near.signatures_export:export_minhash_legacy",
}


@dataclass(frozen=True)
class Options:
    """`form`: one of `FORMS`."""

    asked: str
    workspace: Path
    folder: Path
    form: str
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "asked", type=path_or_name, metavar="STEP",
        help="a corpus or tokens/NAME (megatron, datasets), by name or as a directory; or a source's documents")
    parser.add_argument(
        "folder", type=safe_path, metavar="DIR", help="where to write; existing files are never replaced")
    parser.add_argument(
        "--to", choices=list(FORMS), required=True, dest="form",
        help="megatron: .bin and .idx of token shards; datasets: Parquet; jsonl: gzipped JSON lines; csv: for "
             "spreadsheets; these three with a dataset card; minhash: signatures that datasketch reads, and as it made "
             "them before 2.0")
    add_workspace(parser)
    runs(parser, run, Options, Exported)


def run(options: Options) -> int:
    """Write the files of a finished step directory into a folder, and say which."""
    exporting = named(FORMS[options.form])
    if options.folder.exists() and not options.folder.is_dir():
        raise UsageError(f"{options.folder}: is a file; give a folder.")
    path = step_directory(options.asked, options.workspace)
    exported = exporting(path, options.folder)
    if options.json:
        print_json({
            "step": str(path), "form": options.form, "notes": exported.notes,
            "files": [{"path": str(file), "bytes": file.stat().st_size} for file in exported.files]})
        return 0
    for file in exported.files:
        print(f"{file.stat().st_size:>16,} bytes  {file}")
    for note in exported.notes:
        print(note)
    return 0
