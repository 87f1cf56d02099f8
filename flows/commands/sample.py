"""`maslin sample`: documents of a corpus to read: kept, or dropped or edited by a rule, with values and thresholds."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, positive, runs
from maslin.flows.shown.answers import CorpusSampled, Sampled


@dataclass(frozen=True)
class Options:
    """At most `number` documents of each corpus, drawn by `seed`. `full`: whole texts and diffs."""

    corpora: str
    workspace: Path
    dropped_by: str | None = None
    edited_by: str | None = None
    number: int = 5
    seed: int = 0
    full: bool = False
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "corpora", type=path_or_name, metavar="CORPUS", help="a corpus by name or directory, or a recipe")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dropped-by", metavar="RULE", help="a rule, a step, or STEP.RULE")
    which.add_argument("--edited-by", metavar="RULE", help="the same, of edits: c4, or no_endmark")
    parser.add_argument("-n", "--number", type=positive, default=5, metavar="N", help="at most (default 5)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed, the same sample (default 0)")
    parser.add_argument("--full", action="store_true", help="whole texts (default: their first lines)")
    add_workspace(parser)
    runs(parser, run, Options, Sampled)


def run(options: Options) -> int:
    """Print a sample of each corpus asked for."""
    from maslin.curation.evidence.corpora import corpora_of
    from maslin.curation.evidence.sample import sample
    from maslin.flows.shown.samples import print_sampled, sampled_facts
    from maslin.flows.shown.text import print_json, say

    what = (f"dropped by {options.dropped_by}" if options.dropped_by
            else f"edited by {options.edited_by}" if options.edited_by else "kept")
    corpora: list[CorpusSampled] = []
    for directory in corpora_of(options.corpora, options.workspace, say):
        found, total = sample(
            directory, options.number, options.seed, options.dropped_by, options.edited_by, say)
        if options.json:
            corpora.append(sampled_facts(directory, found, total, options.edited_by))
            continue
        print(f"corpus {directory.name}: {len(found):,} of {total:,} documents {what}, drawn by seed {options.seed}")
        for each in found:
            print_sampled(each, options.edited_by, options.full)
    if options.json:
        print_json({"drawn_from": what, "seed": options.seed, "corpora": corpora})
    return 0
