"""`maslin plan`: what a budget of compute, tokens or GPU hours buys, and how often a recipe's corpora would repeat."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maslin.flows.arguments import above_zero, add_workspace, fraction, runs, safe_path
from maslin.flows.shown.answers import EpochsWanted, Interval, OwnFit, Planned
from maslin.flows.shown.text import print_json, table
from maslin.manifests.errors import UsageError
from maslin.manifests.files import write_text
from maslin.manifests.workspace import Workspace
from maslin.trainer.config.resolve import MODELS
from maslin.trainer.gpu_peaks import gpu_flop
from maslin.trainer.scaling.laws import BESIROGLU, FITTED_FLOP, HOFFMANN

if TYPE_CHECKING:
    from maslin.manifests.plan import Plan
    from maslin.trainer.scaling.ladder import Ladder
    from maslin.trainer.scaling.laws import Fit, Optimum

# The numbers of a fit and their letters.
_SYMBOLS = {"irreducible": "E", "parameter_factor": "A", "token_factor": "B", "alpha": "α", "beta": "β"}


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
    json: bool = False


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
    runs(parser, run, Options, Planned)


def run(options: Options) -> int:
    """Tell the optimum of each published fit; with a recipe, the epochs of its corpora at the first one's tokens.

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
            if not options.json:
                print(f"{options.gpu_hours:,g} hours of one {options.gpu} at {options.mfu:.0%} of its bfloat16 peak: "
                      f"{flop:.3g} FLOP\n")
        optima = {fit: fit.for_flop(flop) for fit in (BESIROGLU, HOFFMANN)}
    best = optima[BESIROGLU]
    answer = _of_own_runs(options, best.flop) if options.from_runs else _published(options, optima)
    if options.json:
        print_json(answer)
    elif options.from_runs:
        _print_own_fits(options, answer)
    else:
        _print_published(options, answer)
    return 0


def _published(options: Options, optima: "dict[Fit, Optimum]") -> Planned:
    best = optima[BESIROGLU]
    near = min(MODELS, key=lambda name: max(MODELS[name].parameters / best.parameters,
                                            best.parameters / MODELS[name].parameters))
    epochs: list[EpochsWanted] = []
    if options.recipe is not None:
        workspace = Workspace(options.workspace)
        epochs = _epochs(_plan(options.recipe, workspace), workspace, best.tokens)
    return {
        "optima": [{"fit": fit.source, "flop": found.flop, "parameters": found.parameters, "tokens": found.tokens,
                    "loss_nats": found.loss} for fit, found in optima.items()],
        "extrapolated": not FITTED_FLOP[0] <= best.flop <= FITTED_FLOP[1], "nearest_size": near, "own_fits": [],
        "epochs": epochs, "page": None}


def _print_published(options: Options, answer: Planned) -> None:
    optima = answer["optima"]
    print(table(
        [[f"{found['flop']:.3g}", _short(found["parameters"]), _short(found["tokens"]),
          f"{found['tokens'] / found['parameters']:.1f}", f"{found['loss_nats']:.2f}", found["fit"]]
         for found in optima],
        ["FLOP", "parameters", "tokens", "tokens/parameter", "loss (nats)", "fit"]))
    print("\nThe first is the one to take: the second does not follow from the runs it was fitted to. Parameters count "
          "embeddings, tokens\nare each seen once, FLOP = 6 × parameters × tokens. The losses are for the fits' own "
          "data and tokenizer.")
    if answer["extrapolated"]:
        print(f"Extrapolated: the fitted runs took {FITTED_FLOP[0]:.0e} to {FITTED_FLOP[1]:.0e} FLOP.")
    near = answer["nearest_size"]
    print(f"Nearest named size: {near} ({_short(MODELS[near].parameters)} parameters without embeddings).")
    if options.recipe is not None:
        _print_epochs(options, answer["epochs"], optima[0]["tokens"])


def _of_own_runs(options: Options, flop: float) -> Planned:
    """Fit the runs of each mixture, and draw them."""
    from maslin.flows.shown.ladder_page import page
    from maslin.trainer.scaling.finished_runs import ladders

    workspace = Workspace(options.workspace)
    plan = _plan(options.recipe, workspace)
    found = ladders(plan, workspace)
    optima = {name: each.optimum(None if options.tokens else flop, options.tokens) for name, each in found.items()}
    path, name = workspace.root / "ladders" / f"{plan.recipe.name}.html", plan.recipe.name
    write_text(path, page(f"{name}: losses of its ladder of runs", found, optima))
    return {
        "optima": [], "extrapolated": any(optima[each].flop > found[each].largest_flop for each in found),
        "nearest_size": None, "own_fits": [_own_fit(each, found[each], optima[each]) for each in found],
        "epochs": [row for each in found for row in _epochs(plan, workspace, optima[each].tokens, each)],
        "page": str(path)}


def _own_fit(mixture: str, ladder: "Ladder", best: "Optimum") -> OwnFit:
    ranges = ladder.optimum_intervals(best.flop)
    return {
        "mixture": mixture, "runs": len(ladder.runs), "flop": best.flop, "largest_flop": ladder.largest_flop,
        "extrapolated": best.flop > ladder.largest_flop,
        "optimum": {name: _interval(getattr(best, name), *ranges[name]) for name in ranges},
        "fit": {field: _interval(getattr(ladder.fit, field), *ladder.interval(field)) for field in _SYMBOLS}}


def _interval(estimate: float, low: float, high: float) -> Interval:
    return {"estimate": float(estimate), "low": float(low), "high": float(high)}


def _print_own_fits(options: Options, answer: Planned) -> None:
    for each in answer["own_fits"]:
        named = {**each["optimum"], **{_SYMBOLS[field]: interval for field, interval in each["fit"].items()}}
        print(f"mixture {each['mixture']}, {each['runs']} runs: the best split of {each['flop']:.3g} FLOP, and the fit "
              "L(N, D) = E + A / N^α + B / D^β")
        print(table([[name, *map(_short, interval.values())] for name, interval in named.items()],
                    ["", "estimate", "2.5 %", "97.5 %"]))
        if each["extrapolated"]:
            print(f"Extrapolated: the largest run took {each['largest_flop']:.2g} FLOP.")
        rows = [row for row in answer["epochs"] if row["mixture"] == each["mixture"]]
        _print_epochs(options, rows, each["optimum"]["tokens"]["estimate"])
        print()
    print(f"Plotted: {answer['page']}")


def _plan(path: Path, workspace: Workspace) -> "Plan":
    from maslin.flows.job.planning import make_plan, read_checked, source_inputs

    recipe = read_checked(path)
    if not recipe.mixtures:
        raise UsageError(f"{path}: `mixtures` is missing: without them no corpus has a share of the tokens.")
    return make_plan(recipe, source_inputs(recipe, workspace), workspace)


def _print_epochs(options: Options, epochs: list[EpochsWanted], tokens: float) -> None:
    rows = [
        [row["mixture"], row["corpus"], f"{row['share']:.3f}", _short(row["tokens_wanted"]),
         *(("?", "?", "?") if row["tokens_there"] is None else (
             _short(row["tokens_there"]), "none there" if row["epochs"] is None else f"{row['epochs']:,.2f}",
             _short(row["tokens_lacking"]) if row["tokens_lacking"] else "none"))]
        for row in epochs]
    most = epochs[0]["max_epochs"] if epochs else 0
    print(f"\n{options.recipe.name}: {_short(tokens)} tokens of each mixture, at most {most:g} epochs")
    print(table(rows, ["mixture", "corpus", "share", "tokens wanted", "tokens there", "epochs", "tokens lacking"]))
    if unknown := dict.fromkeys(row["corpus"] for row in epochs if row["tokens_there"] is None):
        print(f"Not tokenized in {options.workspace} yet: {', '.join(unknown)}. `maslin mix {options.recipe}` does "
              "that.")
    print("Up to about 4 epochs repeated tokens are worth nearly as much as new ones (Muennighoff et al. 2023, "
          "arXiv 2305.16264).")


def _epochs(plan: "Plan", workspace: Workspace, budget: float, only: str | None = None) -> list[EpochsWanted]:
    """A row for each corpus of each mixture, or of the one named."""
    rows: list[EpochsWanted] = []
    most = plan.recipe.training.max_epochs
    for name, mixture in plan.recipe.mixtures.items():
        for corpus, share in mixture.weights.items() if only in (None, name) else ():
            wanted, step = share * budget, plan.tokens[corpus]
            there = workspace.manifest(step).sizes["tokens"] if workspace.is_complete(step) else None
            rows.append({
                "mixture": name, "corpus": corpus, "share": share, "max_epochs": most, "tokens_wanted": wanted,
                "tokens_there": there, "epochs": wanted / there if there else None,
                "tokens_lacking": None if there is None else max(0.0, wanted - most * there)})
    return rows


def _short(number: float) -> str:
    """Three digits and a unit: 12.3M."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{unit}" if number < 1000 * size else f"{number / size:,.0f}{unit}"
    return f"{number:.3g}"
