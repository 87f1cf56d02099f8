"""The ladder of a workspace's own finished runs on each mixture of a recipe."""

from typing import Any

from maslin.manifests.identity import digest_of
from maslin.manifests.plan import Plan
from maslin.manifests.workspace import Workspace, is_current, read_manifest
from maslin.trainer.config.model import ModelConfig
from maslin.trainer.scaling.ladder import Ladder, LadderRun, fit_ladder

# Of a mixture's parameters, what belongs to a budget and not to the blend.
_BUDGET = ("budget_tokens", "max_epochs", "simulate_target_tokens")


def ladders(plan: Plan, workspace: Workspace) -> dict[str, Ladder]:
    """The fitted ladder of every mixture of the recipe. Raises UsageError when one has too few runs."""
    found = {}
    for name, step in plan.mixtures.items():
        inputs = {role: value if isinstance(value, str) else value.digest for role, value in step.inputs.items()}
        like = next(run for run in plan.runs.values() if run.inputs["mixture"] == step)
        runs = _runs(workspace, (_blend(step.parameters), inputs, _kind(like.parameters)))
        found[name] = fit_ladder(runs, f"mixture {name} in {workspace.root}")
    return found


def _runs(workspace: Workspace, asked: tuple[Any, ...]) -> list[LadderRun]:
    """Finished runs of any size and budget on this blend, of this architecture and objective, not going on from others.
    """
    runs = []
    for directory in sorted((workspace.root / "run").glob("*")):
        if not is_current(directory):
            continue
        manifest = read_manifest(directory)
        summary = manifest.summary
        mixture = manifest.input("mixture")
        if "initial_model" in manifest.inputs or not is_current(mixture):
            continue
        mixed = read_manifest(mixture)
        inputs = {role: digest_of(value) for role, value in mixed.inputs.items()}
        if (_blend(mixed.parameters), inputs, _kind(manifest.parameters)) == asked:
            model = ModelConfig.from_json(manifest.parameters["model"] | {"vocab_size": summary["vocab_size"]})
            runs.append(LadderRun(
                manifest.name, model.all_parameters, manifest.sizes["tokens"], summary["final_loss_nats"]))
    return runs


def _kind(parameters: dict[str, Any]) -> tuple[str, str]:
    return parameters["model"]["architecture"], parameters["training"]["objective"]


def _blend(parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key not in _BUDGET}
