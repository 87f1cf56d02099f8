"""A mixture: which corpora, at which shares of the training tokens, and how often each repeats. It copies nothing."""

import math
from collections.abc import Mapping
from typing import Any

from maslin.manifests.errors import DataError
from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import Mapper, Step, Workspace, commit


def build_mixture(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Write the manifest of a mixture; its summary says of each corpus what there is and what the budget plans.

    With `simulate_target_tokens` epochs are those of that budget, and `tokens_used` is the part of each corpus that the
    run's own budget may draw on. Raises DataError, naming the numbers, when a corpus is empty or would repeat beyond
    `max_epochs`.
    """
    parameters = step.parameters
    total = sum(parameters["weights"].values())
    shares = {name: weight / total for name, weight in parameters["weights"].items()}
    budget, max_epochs = parameters["budget_tokens"], parameters["max_epochs"]
    target = parameters.get("simulate_target_tokens")
    tokens = {name: workspace.manifest(step.input_steps()[f"tokens:{name}"]) for name in shares}
    available = {name: manifest.sizes["tokens"] for name, manifest in tokens.items()}
    epochs = check_epochs(
        step.name, shares, available, target or budget, max_epochs,
        "training.simulate_target_tokens" if target else "training.tokens")
    return commit(
        workspace.path(step), step, [],
        sizes={"tokens": budget, "tokens_available": sum(available.values())},
        summary={
            "budget_tokens": budget, "max_epochs": max_epochs,
            **({"simulate_target_tokens": target} if target else {}),
            **({"stages": _stages(parameters["stages"], budget)} if "stages" in parameters else {}),
            "corpora": {
                name: {
                    "weight": share, "tokens_available": available[name], "tokens_planned": round(share * budget),
                    **({"tokens_used": round(available[name] * budget / target)} if target else {}),
                    "epochs": epochs[name], "max_epochs": max_epochs,
                    "documents": tokens[name].sizes["documents"], "bytes": tokens[name].sizes["bytes"],
                    "tokens_digest": tokens[name].digest,
                }
                for name, share in shares.items()
            },
        },
    )


def _stages(stages: list[dict[str, Any]], budget: int) -> list[dict[str, Any]]:
    """Each stage with the tokens it ends at, and the weights that hold until then."""
    return [
        {"until": stage["until"], "until_tokens": round(stage["until"] * budget), "weights": stage["weights"]}
        for stage in stages
    ]


def check_epochs(
    mixture: str, shares: Mapping[str, float], available: Mapping[str, int], budget: int, max_epochs: float,
    budget_name: str = "training.tokens",
) -> dict[str, float]:
    """Passes over each corpus when `budget` tokens are taken in these shares (that add up to 1) of those available.

    Raises DataError when one is more than `max_epochs`: with the numbers, and what would be allowed in place of each.
    """
    epochs, problems = {}, []
    for name, share in shares.items():
        planned, there = share * budget, available[name]
        if there == 0 and share > 0:
            problems.append(f"mixture {mixture}: corpus {name} has no tokens. Leave it out, or mend its steps.")
            continue
        epochs[name] = planned / there if share > 0 else 0.0
        if epochs[name] > max_epochs:
            most = max_epochs * there
            problems.append(
                f"mixture {mixture}: corpus {name} has {there:,} tokens; {100 * share:.4g} % of {budget:,} is "
                f"{planned:,.0f} = {epochs[name]:.4g} epochs, more than max_epochs {max_epochs:g}. Lower its share to "
                f"{_floor(100 * most / budget, 3)} %, lower {budget_name} to {int(most / share):,}, or raise "
                f"max_epochs to {math.ceil(epochs[name])}.")
    if problems:
        raise DataError(*problems)
    return epochs


def _floor(value: float, digits: int) -> str:
    """`value` cut to so many significant digits: never more than it is."""
    exponent = math.floor(math.log10(value))
    unit = 10.0 ** (exponent - digits + 1)
    return f"{math.floor(value / unit) * unit:.{digits}g}"
