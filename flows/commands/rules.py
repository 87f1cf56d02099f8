"""`maslin rules`: every rule in a line; `maslin rules try`: what other parameters would change, without building."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from maslin.flows.arguments import add_workspace, path_or_name, runs, whole
from maslin.flows.shown.answers import CorpusTried, RulesListed, RulesTried
from maslin.flows.shown.text import print_json, say
from maslin.manifests.errors import RecipeError, UsageError
from maslin.manifests.workspace import read_manifest


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    runs(parser, run, Options, RulesListed)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    text = "what other parameters would change, from stored signals"
    trial = actions.add_parser("try", help=text, description=text)
    trial.add_argument(
        "corpora", type=path_or_name, metavar="RECIPE", help="a recipe, or a corpus by name or directory")
    trial.add_argument("--set", action="append", required=True, dest="settings", metavar="STEP.PARAMETER=VALUE",
                       help="as in c4.min_words_per_line=3; may come again")
    trial.add_argument("--corpus", metavar="NAME", help="only this corpus of the recipe")
    trial.add_argument("--texts", type=whole, default=1000, metavar="N",
                       help="judge again at most N documents that signals do not tell of (default 1000; 0: none)")
    add_workspace(trial)
    runs(trial, run_try, TryOptions, RulesTried)


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
    from maslin.curation.evidence.corpora import corpora_of, origins_of
    from maslin.curation.evidence.trial import try_settings
    from maslin.flows.shown.trials import print_tried, tried

    directories = [
        directory for directory in corpora_of(options.corpora, options.workspace, say)
        if options.corpus in (None, read_manifest(directory).name)
    ]
    if not directories:
        raise UsageError(f"{options.corpora}: no corpus {options.corpus} is built in {options.workspace}.")
    failures: list[RecipeError] = []
    corpora: list[CorpusTried] = []
    origins = origins_of(options.corpora)
    for directory in directories:
        try:
            trial = try_settings(directory, options.settings, say)
        except RecipeError as error:  # a corpus without the step; others may have it
            failures.append(error)
            continue
        corpora.append(tried(trial, read_manifest(directory).parameters["steps"], options.texts, origins))
        if not options.json:
            print_tried(corpora[-1])
    if len(failures) == len(directories):
        raise failures[0]
    if options.json:
        print_json({"corpora": corpora})
    return 0
