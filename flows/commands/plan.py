"""`maslin plan`: what a budget of compute, tokens or GPU hours buys, and how often a recipe's corpora would repeat."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maslin.flows.arguments import above_zero, add_workspace, fraction, runs, safe_path
from maslin.flows.shown.text import table
from maslin.manifests.errors import UsageError
from maslin.manifests.files import write_text
from maslin.manifests.workspace import Workspace
from maslin.trainer.config.resolve import MODELS
from maslin.trainer.gpu_peaks import gpu_flop
from maslin.trainer.scaling.laws import BESIROGLU, FITTED_FLOP, HOFFMANN

if TYPE_CHECKING:
    from maslin.manifests.plan import Plan


@dataclass(frozen=True)
class Options:
    """One budget of three: `flops`, `tokens`, or `gpu_hours` of a `gpu` at `mfu`, the share of its peak."""

    workspace: Path
    recipe: Path | None = None
    flops: float | None = None
    tokens: float | None = None
    gpu_hours: float | None = None
    from_runs: bool = False
    gpu: str = "h100"
    mfu: float = 0.4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recipe", type=safe_path, nargs="?", metavar="RECIPE", help="say how often its corpora would repeat")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--flops", type=above_zero, metavar="C", help="compute in FLOP: 1e18")
    budget.add_argument("--tokens", type=above_zero, metavar="D", help="training tokens: 2e9")
    budget.add_argument("--gpu-hours", type=above_zero, metavar="H", help="hours of one GPU (see --gpu and --mfu)")
    parser.add_argument(
        "--from-runs", action="store_true",
        help="fit the workspace's own finished runs on the recipe's mixtures, with intervals, and plot them")
    parser.add_argument("--gpu", choices=["a100", "h100", "h200"], default="h100", help="(default h100)")
    parser.add_argument(
        "--mfu", type=fraction, default=0.4, metavar="X", help="share of the GPU's peak that is reached (default 0.4)")
    add_workspace(parser)
    runs(parser, run, Options)


def run(options: Options) -> int:
    """Print the optimum of each published fit; with a recipe, the epochs of its corpora at the first one's tokens.

    With `--from-runs` the fits are those of the recipe's own runs, and the epochs are at their tokens.
    """
    if options.from_runs and options.recipe is None:
        raise UsageError("--from-runs needs the recipe whose mixtures the runs are on.")
    if options.tokens is not None:
        optima = {fit: fit.for_tokens(options.tokens) for fit in (BESIROGLU, HOFFMANN)}
    else:
        flop = options.flops
        if flop is None:
            flop = gpu_flop(options.gpu_hours, options.gpu, options.mfu)
            print(f"{options.gpu_hours:,g} hours of one {options.gpu} at {options.mfu:.0%} of its bfloat16 peak: "
                  f"{flop:.3g} FLOP\n")
        optima = {fit: fit.for_flop(flop) for fit in (BESIROGLU, HOFFMANN)}
    best = optima[BESIROGLU]
    if options.from_runs:
        _print_own_fits(options, best.flop if options.tokens is None else None)
        return 0
    print(table(
        [[f"{found.flop:.3g}", _short(found.parameters), _short(found.tokens), f"{found.tokens / found.parameters:.1f}",
          f"{found.loss:.2f}", fit.source] for fit, found in optima.items()],
        ["FLOP", "parameters", "tokens", "tokens/parameter", "loss (nats)", "fit"]))
    print("\nThe first is the one to take: the second does not follow from the runs it was fitted to. Parameters count "
          "embeddings, tokens\nare each seen once, FLOP = 6 × parameters × tokens. The losses are for the fits' own "
          "data and tokenizer.")
    if not FITTED_FLOP[0] <= best.flop <= FITTED_FLOP[1]:
        print(f"Extrapolated: the fitted runs took {FITTED_FLOP[0]:.0e} to {FITTED_FLOP[1]:.0e} FLOP.")
    near = min(MODELS, key=lambda name: max(MODELS[name].parameters / best.parameters,
                                            best.parameters / MODELS[name].parameters))
    print(f"Nearest named size: {near} ({_short(MODELS[near].parameters)} parameters without embeddings).")
    if options.recipe is not None:
        workspace = Workspace(options.workspace)
        _print_epochs(options.recipe, _plan(options.recipe, workspace), workspace, best.tokens)
    return 0


def _print_own_fits(options: Options, flop: float | None) -> None:
    from maslin.flows.shown.ladder_page import page
    from maslin.trainer.scaling.finished_runs import ladders

    workspace = Workspace(options.workspace)
    plan = _plan(options.recipe, workspace)
    found = ladders(plan, workspace)
    optima = {name: each.optimum(flop, options.tokens) for name, each in found.items()}
    for name, each in found.items():
        best = optima[name]
        ranges = each.optimum_intervals(best.flop)
        rows = [[quantity, _short(getattr(best, quantity)), *map(_short, ranges[quantity])] for quantity in ranges]
        rows += [[symbol, _short(getattr(each.fit, field)), *map(_short, each.interval(field))] for symbol, field in (
            ("E", "irreducible"), ("A", "parameter_factor"), ("B", "token_factor"), ("α", "alpha"), ("β", "beta"))]
        print(f"mixture {name}, {len(each.runs)} runs: the best split of {best.flop:.3g} FLOP, and the fit "
              "L(N, D) = E + A / N^α + B / D^β")
        print(table(rows, ["", "estimate", "2.5 %", "97.5 %"]))
        if best.flop > each.largest_flop:
            print(f"Extrapolated: the largest run took {each.largest_flop:.2g} FLOP.")
        _print_epochs(options.recipe, plan, workspace, best.tokens, name)
        print()
    path, name = workspace.root / "ladders" / f"{plan.recipe.name}.html", plan.recipe.name
    write_text(path, page(f"{name}: losses of its ladder of runs", found, optima))
    print(f"Plotted: {path}")


def _plan(path: Path, workspace: Workspace) -> "Plan":
    from maslin.flows.job.planning import make_plan, read_checked, source_inputs

    recipe = read_checked(path)
    if not recipe.mixtures:
        raise UsageError(f"{path}: `mixtures` is missing: without them no corpus has a share of the tokens.")
    return make_plan(recipe, source_inputs(recipe, workspace), workspace)


def _print_epochs(path: Path, plan: "Plan", workspace: Workspace, tokens: float, only: str | None = None) -> None:
    """Of each mixture, or of the one named."""
    rows, unknown = _epochs(plan, workspace, tokens, only)
    epochs = plan.recipe.training.max_epochs
    print(f"\n{path.name}: {_short(tokens)} tokens of each mixture, at most {epochs:g} epochs")
    print(table(rows, ["mixture", "corpus", "share", "tokens wanted", "tokens there", "epochs", "tokens lacking"]))
    if unknown:
        print(f"Not tokenized in {workspace.root} yet: {', '.join(unknown)}. `maslin mix {path}` does that.")
    print("Up to about 4 epochs repeated tokens are worth nearly as much as new ones (Muennighoff et al. 2023, "
          "arXiv 2305.16264).")


def _epochs(
    plan: "Plan", workspace: Workspace, budget: float, only: str | None,
) -> tuple[list[list[Any]], list[str]]:
    """A row for each corpus of each mixture, and the corpora whose tokens are not counted yet."""
    rows, unknown = [], {}
    for name, mixture in plan.recipe.mixtures.items():
        for corpus, share in mixture.weights.items() if only in (None, name) else ():
            wanted, step = share * budget, plan.tokens[corpus]
            row = [name, corpus, f"{share:.3f}", _short(wanted)]
            if workspace.is_complete(step):
                there = workspace.manifest(step).sizes["tokens"]
                lacking = max(0.0, wanted - plan.recipe.training.max_epochs * there)
                epochs = f"{wanted / there:,.2f}" if there else "none there"
                row += [_short(there), epochs, _short(lacking) if lacking else "none"]
            else:
                unknown[corpus] = None
                row += ["?", "?", "?"]
            rows.append(row)
    return rows, list(unknown)


def _short(number: float) -> str:
    """Three digits and a unit: 12.3M."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{unit}" if number < 1000 * size else f"{number / size:,.0f}{unit}"
    return f"{number:.3g}"
