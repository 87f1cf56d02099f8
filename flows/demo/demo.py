"""`maslin demo`: the whole main job on real input, from fetching it to the verdict; a second time it only verifies."""

import time
from pathlib import Path

from maslin.flows.commands import compare
from maslin.flows.demo.demo_inputs import demo_recipe, prepare
from maslin.flows.engine.build import missing_steps
from maslin.flows.job.planning import make_plan, read_checked, source_inputs
from maslin.manifests.files import write_text
from maslin.manifests.plan import in_order
from maslin.manifests.soundness import verify_all
from maslin.manifests.workspace import Workspace


def run(root: Path, scale: float, workers: int | None, engine: str, prefect: str) -> int:
    """Fetch the inputs, compare the demo's recipes in the workspace `root`, and say what to try next."""
    started = time.monotonic()
    inputs = prepare(root / "inputs", scale, lambda line: print(f"  {line}", flush=True))
    for name, reason in inputs.missing.items():
        print(f"  {name}: not to be had ({reason}); going on without it", flush=True)
    recipe = root / "demo.yaml"
    text = demo_recipe(inputs, scale)
    if not recipe.is_file() or recipe.read_text(encoding="utf-8") != text:
        write_text(recipe, text)
    verified = _verify_if_done(root, recipe)
    if verified:
        print(verified)
    code = compare.run(compare.CompareOptions(recipe, root, workers, engine, prefect))
    print(f"\nThe demo took {time.monotonic() - started:.1f} s. Worth trying next:\n"
          f"  maslin explain {_a_dropped_page(root)} --workspace {root}\n"
          f"  maslin manifest show {_directory(root, 'mixture')}\n"
          f"  maslin curate {recipe} --workspace {root} --dry-run      (after changing a number in it)")
    return code


def _verify_if_done(root: Path, recipe_path: Path) -> str | None:
    """When everything is built: check all sizes and checksums, and say so; damaged steps are then built again."""
    recipe, workspace = read_checked(recipe_path), Workspace(root)
    plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
    assert plan.report is not None
    if missing_steps([plan.report], workspace):
        return None
    directories = [workspace.path(step) for step in in_order([plan.report]) if workspace.is_complete(step)]
    found = verify_all(directories)
    if found.problems:
        return "\n    ".join(
            ["  not all results of an earlier run are sound; damaged ones are built anew:", *found.problems])
    return (f"  everything is built already: {found.directories} directories, {found.bytes:,} bytes, sizes and "
            "checksums verified")


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
