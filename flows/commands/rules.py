"""`maslin rules`: every rule in a line; `try`: what other parameters would change, without building; `recall`: what
near_dedup finds of planted duplicates.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from maslin.flows.arguments import add_workspace, path_or_name, positive, runs, whole
from maslin.flows.shown.answers import CorpusTried, RecallMeasured, RulesListed, RulesTried, SearchMeasured
from maslin.flows.shown.text import print_json, say
from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.workspace import read_manifest

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Options:
    """All rules are shown."""

    json: bool = False


@dataclass(frozen=True)
class TryOptions:
    """`settings`: `step.parameter=value`. At most `texts` documents of a corpus are judged again from their texts."""

    corpora: str
    workspace: Path
    settings: list[str]
    corpus: str | None = None
    texts: int = 1000
    json: bool = False


@dataclass(frozen=True)
class RecallOptions:
    """`pairs` documents of a corpus get an edited copy each; `settings` as of `try`."""

    corpora: str
    workspace: Path
    settings: list[str]
    corpus: str | None = None
    pairs: int = 1000
    seed: int = 0
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    runs(parser, run, Options, RulesListed)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    text = "what other parameters would change, from stored signals"
    trial = actions.add_parser("try", help=text, description=text)
    _add_corpora(trial, required=True)
    trial.add_argument("--texts", type=whole, default=1000, metavar="N",
                       help="judge again at most N documents that signals do not tell of (default 1000; 0: none)")
    add_workspace(trial)
    runs(trial, run_try, TryOptions, RulesTried)
    text = "what near_dedup finds of edited copies, planted among documents of the corpus"
    recall = actions.add_parser("recall", help=text, description=text)
    _add_corpora(recall, required=False)
    recall.add_argument("--pairs", type=positive, default=1000, metavar="N",
                        help="documents that get an edited copy, at most (default 1000)")
    recall.add_argument("--seed", type=int, default=0, metavar="S",
                        help="the same seed, the same copies (default 0)")
    add_workspace(recall)
    runs(recall, run_recall, RecallOptions, RecallMeasured)


def _add_corpora(parser: argparse.ArgumentParser, required: bool) -> None:
    """What both take: corpora, and other parameters for them."""
    parser.add_argument(
        "corpora", type=path_or_name, metavar="RECIPE", help="a recipe, or a corpus by name or directory")
    parser.add_argument("--set", action="append", required=required, default=None if required else [],
                        dest="settings", metavar="STEP.PARAMETER=VALUE",
                        help="as in c4.min_words_per_line=3; may come again")
    parser.add_argument("--corpus", metavar="NAME", help="only this corpus of the recipe")


def run(options: Options) -> int:
    """Print every step with its source, and each of its rules in a line, with the default threshold."""
    from maslin.flows.shown.trials import print_rules, rules_listed

    answer = rules_listed()
    if options.json:
        print_json(answer)
    else:
        print_rules(answer)
    return 0


def run_try(options: TryOptions) -> int:
    """Print what the settings would change in each corpus that has their steps."""
    from maslin.curation.evidence.corpora import origins_of
    from maslin.curation.evidence.trial import try_settings
    from maslin.flows.shown.trials import print_tried, tried

    origins = origins_of(options.corpora)
    corpora: list[CorpusTried] = []
    for directory, trial in _of_each(options, lambda directory: try_settings(directory, options.settings, say)):
        corpora.append(tried(trial, read_manifest(directory).parameters["steps"], options.texts, origins))
        if not options.json:
            print_tried(corpora[-1])
    if options.json:
        print_json({"corpora": corpora})
    return 0


def run_recall(options: RecallOptions) -> int:
    """Print what each near_dedup of the corpora finds of planted duplicates."""
    from maslin.curation.evidence.recall import measure
    from maslin.flows.shown.recalls import print_recall, recall_facts

    searches: list[SearchMeasured] = []
    for directory, found in _of_each(
            options, lambda directory: measure(directory, options.pairs, options.seed, options.settings, say)):
        for index, each in found.items():
            searches.append(recall_facts(directory, index, each))
            if not options.json:
                print_recall(searches[-1], options.seed)
    if options.json:
        print_json({"seed": options.seed, "searches": searches})
    return 0


def _of_each(options: TryOptions | RecallOptions, ask: Callable[[Path], Answer]) -> Iterator[tuple[Path, Answer]]:
    """(directory, answer) of each corpus asked for that can answer; raises RecipeError where none can."""
    from maslin.curation.evidence.corpora import corpora_of

    directories = [
        directory for directory in corpora_of(options.corpora, options.workspace, say)
        if options.corpus in (None, read_manifest(directory).name)
    ]
    if not directories:
        raise UsageError(f"{options.corpora}: no corpus {options.corpus} is built in {options.workspace}.")
    failures: list[RecipeError] = []
    for directory in directories:
        try:
            answer = ask(directory)
        except RecipeError as error:  # a corpus without the step; others may have it
            failures.append(error)
            continue
        yield directory, answer
    if len(failures) == len(directories):
        raise failures[0]
