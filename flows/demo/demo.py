"""`maslin demo`: the whole main job on real input, from fetching it to the verdict; a second time it only verifies."""

import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from maslin.flows.commands import compare
from maslin.flows.demo.demo_inputs import demo_recipe, prepare
from maslin.flows.engine.build import missing_steps
from maslin.flows.job.planning import make_plan, read_checked, source_inputs
from maslin.flows.job.work import carry_out
from maslin.flows.shown import text
from maslin.flows.shown.answers import Demonstrated
from maslin.flows.shown.in_words import in_words
from maslin.flows.shown.results import compared, print_verdict
from maslin.flows.tracking.api import why_no_loopback
from maslin.flows.tracking.modes import configured_api
from maslin.manifests.files import read_json, write_text
from maslin.manifests.plan import Plan, in_order
from maslin.manifests.soundness import verify_all
from maslin.manifests.workspace import Workspace
from maslin.trainer.comparison.results import Comparison


def run(
    root: Path, scale: float, workers: int | None, engine: str, prefect: str, as_json: bool = False,
) -> int:
    """Fetch the inputs, compare the demo's recipes in the workspace `root`, and say what to try next."""
    started = time.monotonic()
    say = text.say if as_json else lambda line: print(f"  {line}", flush=True)
    inputs = prepare(root / "inputs", scale, say)
    for name, reason in inputs.missing.items():
        say(f"{name}: not to be had ({reason}); going on without it")
    recipe = root / "demo.yaml"
    recipe_text = demo_recipe(inputs, scale)
    if not recipe.is_file() or recipe.read_text(encoding="utf-8") != recipe_text:
        write_text(recipe, recipe_text)
    verified = _verify_if_done(root, recipe, say)

    def answer(plan: Plan, workspace: Workspace) -> Demonstrated:
        following = [f"maslin explain {_a_dropped_page(root)} --workspace {root}",
                     f"maslin manifest show {_directory(root, 'mixture')}",
                     f"maslin curate {recipe} --workspace {root} --dry-run"]
        found = compared(plan, workspace)
        comparison = Comparison.from_json(read_json(Path(found["comparison"])))
        return {**found, "in_words": in_words(comparison, plan.recipe.training.tokens),
                "missing_inputs": dict(inputs.missing), "verified_bytes": verified,
                "seconds": round(time.monotonic() - started, 1), "next": following}

    if prefect == "on" and configured_api() is None and (why := why_no_loopback()):
        say(f"{why}; going on without Prefect")
        prefect = "off"
    asked = compare.CompareOptions(recipe, root, workers, engine, prefect, json=as_json)
    return carry_out(replace(compare.job(asked), answer=answer, show=_print))


def _print(answer: Demonstrated) -> None:
    print_verdict(answer)
    for paragraph in answer["in_words"]:
        print("\n" + textwrap.fill(paragraph, 100))
    print(f"\nThe demo took {answer['seconds']:.1f} s. Worth trying next (the last after changing a number in the "
          "recipe):\n  " + "\n  ".join(answer["next"]))


def _verify_if_done(root: Path, recipe_path: Path, say: Callable[[str], None]) -> int | None:
    """When everything is built: check all sizes and checksums, and say so; damaged steps are then built again.

    Returns the bytes that were found sound.
    """
    recipe, workspace = read_checked(recipe_path), Workspace(root)
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    assert plan.report is not None
    if missing_steps([plan.report], workspace):
        return None
    directories = [workspace.path(step) for step in in_order([plan.report]) if workspace.is_complete(step)]
    found = verify_all(directories)
    if found.problems:
        say("\n    ".join(
            ["not all results of an earlier run are sound; damaged ones are built anew:", *found.problems]))
        return None
    say(f"everything is built already: {found.directories} directories, {found.bytes:,} bytes, sizes and checksums "
        "verified")
    return found.bytes


def _directory(root: Path, kind: str) -> Path:
    return next(iter(sorted((root / kind).glob("*@*"))))


def _a_dropped_page(root: Path) -> str:
    """The URL of a page that C4 would not keep, for the reader to look into."""
    import pyarrow.compute as pc

    from maslin.manifests.tables import read_table

    for ledger in sorted(root.glob("corpus/web-no-code@*/ledger/part-*.parquet")):
        rows = read_table(ledger, ["id", "step"])
        ids = rows.filter(pc.equal(rows["step"], "c4"))["id"].to_pylist()
        if ids:
            return ids[0]
    return "URL-OR-ID"
