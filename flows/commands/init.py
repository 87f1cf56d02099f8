"""`maslin init`: a commented recipe to start from."""

import argparse
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from maslin.flows.arguments import runs, safe_path
from maslin.flows.shown.answers import Initiated
from maslin.flows.shown.text import print_json
from maslin.manifests.errors import UsageError
from maslin.manifests.files import write_text


@dataclass(frozen=True)
class Options:
    path: Path
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=safe_path, nargs="?", default=Path("recipe.yaml"), metavar="RECIPE")
    runs(parser, run, Options, Initiated)


def run(options: Options) -> int:
    """Write the commented starter recipe; never over an existing file."""
    path = options.path
    if path.exists():
        raise UsageError(f"{path}: exists already; give another name.")
    write_text(path, files("maslin.manifests").joinpath("recipes/starter.yaml").read_text(encoding="utf-8"))
    following = [f"maslin curate {path} --dry-run", f"maslin curate {path}", f"maslin compare {path}"]
    if options.json:
        print_json({"path": str(path), "next": following})
    else:
        print("\n  ".join([f"{path}: written. Put your own paths under `sources`, then:", *following]))
    return 0
