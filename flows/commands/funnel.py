"""`maslin funnel`: what each rule of a recipe's corpora removes, in sequence and alone, printed and drawn."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, runs, safe_path
from maslin.flows.shown.answers import FunnelCounted
from maslin.manifests.files import write_text


@dataclass(frozen=True)
class Options:
    """`plot`: the file to draw into; None: in the workspace."""

    corpora: str
    workspace: Path
    plot: Path | None = None
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "corpora", type=path_or_name, metavar="RECIPE-OR-CORPUS", help="a recipe, or a corpus by name or directory")
    add_workspace(parser)
    parser.add_argument("--plot", type=safe_path, metavar="FILE", help="where to draw (default: <workspace>/funnels/)")
    runs(parser, run, Options, FunnelCounted)


def run(options: Options) -> int:
    """Print the funnels of a recipe's corpora, or of one, and draw them."""
    from maslin.curation.evidence.corpora import corpora_of
    from maslin.curation.evidence.funnel import count_funnel, count_sources
    from maslin.flows.shown.clusters import print_clusters
    from maslin.flows.shown.funnel_page import page
    from maslin.flows.shown.funnels import funnel_facts, print_funnel
    from maslin.flows.shown.text import print_json, say
    from maslin.trainer.report.clusters import deduplications

    directories = corpora_of(options.corpora, options.workspace, say)
    sources = count_sources(directories)
    funnels = [count_funnel(directory, say) for directory in directories]
    name = Path(options.corpora).stem if Path(options.corpora).is_file() else funnels[0].corpus
    path = options.plot or options.workspace / "funnels" / f"{name}.html"
    found = {directory: deduplications(directory) for directory in directories}
    write_text(path, page(f"Funnel of {name}", sources, funnels, found))
    if options.json:
        print_json({**funnel_facts(sources, funnels, found), "page": str(path)})
        return 0
    for source in sources:
        print(f"source {source}")
    for funnel in funnels:
        print_funnel(funnel)
        for each in found[funnel.directory]:
            print_clusters(each)
    print(f"\nDrawn: {path}")
    return 0
