"""The `maslin` command. Light: each subcommand imports what it needs only when it is asked for."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from maslin import __version__
from maslin.flows.engine.startup import start_light
from maslin.manifests.errors import MaslinError, UsageError

DEFAULT_WORKSPACE = Path("maslin-work")

_EPILOG = """exit codes: 0 everything asked for is complete; 1 crash or full disk; 2 recipe or usage, before any work;
3 data: a corpus came out empty, or too many records failed (outputs are kept and marked); 130 interrupted.
Interrupted or killed work goes on where it was: run the same command again."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="maslin", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Mill raw crawls, code and encyclopaedia dumps into corpora, blend them, train on the blends, "
                    "and say with error bars which recipe is better.")
    parser.add_argument("--version", action="version", version=f"maslin {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    build = {
        "curate": "raw inputs to corpora: filter, deduplicate; prints what each rule removed",
        "mix": "corpora to token shards and mixture manifests",
        "train": "train on the recipe's mixtures",
        "compare": "train all arms and seeds, score them on held-out documents, write the report",
    }
    for name, text in build.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("recipe", type=Path, metavar="RECIPE", help="the recipe (YAML)")
        _add_workspace(command)
        command.add_argument("--workers", type=_positive, metavar="N", help="worker processes (default: the cores)")
        command.add_argument("--engine", choices=["local"], default="local", help="where shards run")
        command.add_argument(
            "--prefect", choices=["auto", "off"], default="auto",
            help="auto: run as a Prefect flow; off: the same functions without it, to the same bytes")
        command.add_argument("--limit", type=_positive, metavar="N", help="read only N records of each source")
        command.add_argument("--dry-run", action="store_true", help="print what would be built, and stop")
        if name in ("train", "compare"):
            command.add_argument(
                "--tensorboard", action="store_true", help="write event files for TensorBoard into each run")
        if name == "train":
            command.add_argument("--mixture", metavar="NAME", help="only this mixture (default: all)")
            command.add_argument("--seed", type=int, metavar="N", help="only this seed (default: all of the recipe)")
        if name == "compare":
            command.add_argument(
                "--final", action="store_true", help="score on the closed test part of the held-out documents: once")

    init = commands.add_parser("init", help="write a commented recipe to start from")
    init.add_argument("path", type=Path, nargs="?", default=Path("recipe.yaml"), metavar="RECIPE")

    status = commands.add_parser("status", help="what is built, stale or missing, and how much disk it takes")
    status.add_argument("recipe", type=Path, nargs="?", metavar="RECIPE")
    _add_workspace(status)

    manifest = commands.add_parser("manifest", help="show, verify or compare manifests")
    actions = manifest.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="counts, sizes, inputs, mixture of a step directory")
    show.add_argument("path", type=Path)
    show.add_argument("--json", action="store_true", help="the manifest as it stands")
    verify = actions.add_parser("verify", help="check files against their checksums, with all they were made from")
    verify.add_argument("path", type=Path, help="a step directory, or a whole workspace")
    diff = actions.add_parser("diff", help="why two step directories differ")
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)

    export = commands.add_parser("export", help="a corpus or token shards for Megatron or Hugging Face datasets")
    export.add_argument(
        "path", type=Path, metavar="STEP-DIR", help="<workspace>/tokens/<name>@<digest>; for datasets also a corpus's")
    export.add_argument("folder", type=Path, metavar="DIR", help="where to write; existing files are never replaced")
    export.add_argument(
        "--to", choices=["megatron", "datasets"], required=True, dest="form",
        help="megatron: .bin and .idx of token shards; datasets: Parquet and a dataset card")

    explain = commands.add_parser("explain", help="what happened to a document: rules, values, thresholds, edits")
    explain.add_argument("document", metavar="URL-OR-ID")
    _add_workspace(explain)
    explain.add_argument("--corpus", metavar="NAME", help="only in this corpus (default: all in the workspace)")
    explain.add_argument("--full", action="store_true", help="whole diffs (default: their first 60 lines)")

    funnel = commands.add_parser("funnel", help="what each rule removes, in sequence and alone: printed and drawn")
    funnel.add_argument("corpora", metavar="RECIPE-OR-CORPUS", help="a recipe, or a corpus by name or directory")
    _add_workspace(funnel)
    funnel.add_argument("--plot", type=Path, metavar="FILE", help="where to draw (default: <workspace>/funnels/)")

    sample = commands.add_parser("sample", help="documents to read: kept ones, or those a rule dropped or edited")
    sample.add_argument("corpora", metavar="CORPUS", help="a corpus by name or directory, or a recipe")
    which = sample.add_mutually_exclusive_group()
    which.add_argument("--dropped-by", metavar="RULE", help="a rule, a step, or STEP.RULE")
    which.add_argument("--edited-by", metavar="RULE", help="the same, of edits: c4, or no_endmark")
    sample.add_argument("-n", "--number", type=_positive, default=5, metavar="N", help="at most (default 5)")
    sample.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed, the same sample (default 0)")
    sample.add_argument("--full", action="store_true", help="whole texts (default: their first lines)")
    _add_workspace(sample)

    rules = commands.add_parser("rules", help="every rule and its source; or what other parameters would change")
    rule_actions = rules.add_subparsers(dest="action", metavar="ACTION")
    trial = rule_actions.add_parser("try", help="what other parameters would change, from stored signals")
    trial.add_argument("corpora", metavar="RECIPE", help="a recipe, or a corpus by name or directory")
    trial.add_argument("--set", action="append", required=True, dest="settings", metavar="STEP.PARAMETER=VALUE",
                       help="as in c4.min_words_per_line=3; may come again")
    trial.add_argument("--corpus", metavar="NAME", help="only this corpus of the recipe")
    trial.add_argument("--texts", type=_whole, default=1000, metavar="N",
                       help="judge again at most N documents that signals do not tell of (default 1000; 0: none)")
    _add_workspace(trial)

    plan = commands.add_parser("plan", help="the best model size and tokens for a budget, and what the corpora lack")
    plan.add_argument("recipe", type=Path, nargs="?", metavar="RECIPE", help="say how often its corpora would repeat")
    budget = plan.add_mutually_exclusive_group(required=True)
    budget.add_argument("--flops", type=_above_zero, metavar="C", help="compute in FLOP: 1e18")
    budget.add_argument("--tokens", type=_above_zero, metavar="D", help="training tokens: 2e9")
    budget.add_argument("--gpu-hours", type=_above_zero, metavar="H", help="hours of one GPU (see --gpu and --mfu)")
    plan.add_argument(
        "--from-runs", action="store_true",
        help="fit the workspace's own finished runs on the recipe's mixtures, with intervals, and plot them")
    plan.add_argument("--gpu", choices=["a100", "h100", "h200"], default="h100", help="(default h100)")
    plan.add_argument(
        "--mfu", type=_share, default=0.4, metavar="X", help="share of the GPU's peak that is reached (default 0.4)")
    _add_workspace(plan)

    generate = commands.add_parser("generate", help="text from a finished run")
    generate.add_argument("run", type=Path, metavar="RUN-DIR", help="a finished run: <workspace>/run/<name>@<digest>")
    generate.add_argument("--prompt", default="", metavar="TEXT", help="what to go on from (default: a new document)")
    generate.add_argument("--chat", action="store_true", help="the prompt is a message: write an answer to it")
    generate.add_argument("--tokens", type=_positive, default=100, metavar="N", help="at most (default 100)")
    generate.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed, the same text (default 0)")
    generate.add_argument(
        "--temperature", type=_not_negative, default=1.0, metavar="T", help="0: always the likeliest (default 1)")
    generate.add_argument("--top-k", type=_positive, metavar="K", help="only the K likeliest tokens (default: all)")

    commands.add_parser("setup", help="fetch the language model and the sentence parameters, checksummed")
    demo = commands.add_parser("demo", help="the whole main job on real input that is fetched by package name")
    _add_workspace(demo, Path("maslin-demo"))
    demo.add_argument("--scale", type=float, default=1.0, metavar="X", help="share of the full demo's size (default 1)")
    demo.add_argument("--prefect", choices=["auto", "off"], default="auto")
    demo.add_argument("--workers", type=_positive, metavar="N")
    return parser


def _add_workspace(parser: argparse.ArgumentParser, default: Path = DEFAULT_WORKSPACE) -> None:
    parser.add_argument(
        "--workspace", type=Path, default=default, metavar="DIR", help=f"where results lie (default: {default})")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return number


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text}: 0 or more")
    return number


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: 0 or more")
    return number


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: above 0")
    return number


def _share(text: str) -> float:
    number = _above_zero(text)
    if number > 1:
        raise argparse.ArgumentTypeError(f"{text}: at most 1")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors for people come without a traceback."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except MaslinError as error:
        print(f"maslin: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("maslin: interrupted; run the same command again to go on from the last finished shard.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (`| head`) has gone
        sys.stderr.close()
        return 0


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "curate" | "mix" | "train" | "compare":
            from maslin.flows.commands import job

            return job.run(job.Options(
                command=arguments.command, recipe=arguments.recipe, workspace=arguments.workspace,
                workers=arguments.workers, prefect=arguments.prefect, limit=arguments.limit,
                dry_run=arguments.dry_run, mixture=getattr(arguments, "mixture", None),
                seed=getattr(arguments, "seed", None), final=getattr(arguments, "final", False),
                tensorboard=getattr(arguments, "tensorboard", False)))
        case "init":
            from maslin.flows.commands import init as starting

            return starting.init(arguments.path)
        case "status":
            from maslin.flows.commands import status

            return status.run(arguments.workspace, arguments.recipe)
        case "manifest":
            from maslin.flows.commands import manifest as inspect_manifests

            if arguments.action == "show":
                return inspect_manifests.show(arguments.path, as_json=arguments.json)
            if arguments.action == "verify":
                return inspect_manifests.verify_command(arguments.path)
            return inspect_manifests.diff(arguments.old, arguments.new)
        case "export":
            from maslin.flows.commands import export

            return export.run(arguments.path, arguments.form, arguments.folder)
        case "explain":
            from maslin.flows.commands import explain

            return explain.run(arguments.document, arguments.workspace, arguments.corpus, arguments.full)
        case "funnel":
            from maslin.flows.commands import funnel

            return funnel.run(arguments.corpora, arguments.workspace, arguments.plot)
        case "sample":
            from maslin.flows.commands import sample

            return sample.run(
                arguments.corpora, arguments.workspace, arguments.number, arguments.seed, arguments.dropped_by,
                arguments.edited_by, arguments.full)
        case "rules":
            from maslin.flows.commands import rules

            if arguments.action is None:
                return rules.show()
            return rules.try_run(
                arguments.corpora, arguments.workspace, arguments.settings, arguments.corpus, arguments.texts)
        case "plan":
            from maslin.flows.commands import plan as budget

            return budget.run(arguments)
        case "generate":
            from maslin.flows.commands import generate

            return generate.run(arguments)
        case "setup":
            from maslin.flows.commands import init as starting

            return starting.setup()
        case "demo":
            from maslin.flows.demo import demo

            return demo.run(arguments.workspace, arguments.scale, arguments.prefect, arguments.workers)
    raise AssertionError(arguments.command)


def command() -> int:
    """The console script: `main` in a process of its own."""
    if sys.platform == "win32":
        print("maslin: Windows is not supported (locks, pipes and worker processes are those of Linux and macOS): "
              "install it in WSL, which is a Linux.", file=sys.stderr)
        return UsageError.exit_code
    start_light()
    return main()


if __name__ == "__main__":
    sys.exit(command())
