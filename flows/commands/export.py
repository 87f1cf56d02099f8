"""`maslin export`: a corpus or its token shards in a format that other tools read."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, runs, safe_path
from maslin.flows.step_directories import step_directory
from maslin.manifests.errors import UsageError


@dataclass(frozen=True)
class Options:
    """`form`: megatron or datasets."""

    asked: str
    workspace: Path
    folder: Path
    form: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "asked", type=path_or_name, metavar="STEP",
        help="tokens/NAME, or for datasets also a corpus: by name or as a step directory")
    parser.add_argument(
        "folder", type=safe_path, metavar="DIR", help="where to write; existing files are never replaced")
    parser.add_argument(
        "--to", choices=["megatron", "datasets"], required=True, dest="form",
        help="megatron: .bin and .idx of token shards; datasets: Parquet and a dataset card")
    add_workspace(parser)
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Write the files of a finished step directory into a folder, and say which."""
    from maslin.curation.tokens.export import export_datasets, export_megatron

    if options.folder.exists() and not options.folder.is_dir():
        raise UsageError(f"{options.folder}: is a file; give a folder.")
    path = step_directory(options.asked, options.workspace)
    export = export_megatron if options.form == "megatron" else export_datasets
    for file in export(path, options.folder):
        print(f"{file.stat().st_size:>16,} bytes  {file}")
    return 0
