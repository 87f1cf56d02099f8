"""What small models learn of few tokens, by optimizer, rate, batch, averages and schedule: our defaults are from here.

    nice python -m benchmarks.small_defaults RECIPE.yaml --workspace WORK --minutes 60 [--size tiny] [--only-table]

RECIPE has a `comparison`; WORK has its mixtures (`maslin mix RECIPE.yaml --workspace WORK`). The points of the grid are
trained on the baseline's mixture by the real trainer, one after the other, and scored on its held-out documents.
WORK/points.jsonl keeps what came out; points that stand there are not trained again. Ends in a table.
"""

import argparse
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.compute as pc

from maslin.flows.job.planning import make_plan, read_checked, source_inputs
from maslin.manifests.plan import VALIDATION, Plan
from maslin.manifests.tables import part_name, read_table
from maslin.manifests.workspace import Step, Workspace, serial_map
from maslin.trainer.comparison.evaluate import build_evaluation
from maslin.trainer.config.resolve import resolve_model, resolve_training
from maslin.trainer.runs.train import train_one

NATS_TO_BITS = 1.4426950408889634


@dataclass(frozen=True)
class Point:
    """One run. `average` is over so many last checkpoints, a twentieth of the run apart."""

    size: str
    tokens: int
    optimizer: str
    learning_rate: float
    batch_tokens: int
    seed: int = 0
    average: int = 1
    warmup_share: float = 0.1
    final_share: float = 0.1
    beta2: float = 0.95


def grid(size: str, tokens: int, optimizer: str, rates: Sequence[float], batches: Sequence[int],
         seeds: Sequence[int] = (0,), **settings: Any) -> list[Point]:
    return [Point(size, tokens, optimizer, rate, batch, seed, **settings)
            for batch in batches for rate in rates for seed in seeds]


# In the order in which they are most worth their time.
POINTS = [
    *grid("tiny", 50_000, "muon", (0.0026, 0.0052, 0.0104, 0.0208), (512,)),
    *grid("tiny", 50_000, "adamw", (0.0013, 0.0026, 0.0052), (512,)),
    *grid("tiny", 50_000, "muon", (0.0104,), (256, 1024)),
    *grid("tiny", 250_000, "muon", (0.0104,), (1024,)),
    *grid("tiny", 50_000, "adamw", (0.0026,), (256,)),
    *grid("tiny", 50_000, "muon", (0.0104,), (512,), (1,)),
    *grid("tiny", 50_000, "muon", (0.0104,), (512,), average=4),
    *grid("tiny", 250_000, "adamw", (0.0043,), (512,)),
    *grid("tiny", 50_000, "adamw", (0.0026,), (256,), (1,)),
    *grid("tiny", 50_000, "muon", (0.0104,), (512,), final_share=0.0),
    *grid("tiny", 50_000, "muon", (0.0104,), (512,), (2,)),
    *grid("tiny", 50_000, "adamw", (0.0026,), (256,), (2,)),
    *grid("tiny", 250_000, "muon", (0.0208,), (1024,)),
    *grid("tiny", 50_000, "muon", (0.0208,), (1024,)),
    *grid("tiny", 50_000, "muon", (0.0104,), (512,), warmup_share=0.02),
    *grid("tiny", 250_000, "muon", (0.0104,), (512, 2048)),
    *grid("tiny", 250_000, "muon", (0.0052,), (1024,)),
    *grid("tiny", 250_000, "adamw", (0.0022, 0.0086), (512,)),
    *grid("tiny", 1_000_000, "muon", (0.0104,), (2048,)),
    *grid("tiny", 1_000_000, "adamw", (0.0066,), (1024,)),
    *grid("small", 50_000, "muon", (0.0052,), (1024,)),
    *grid("small", 50_000, "adamw", (0.00097, 0.0026), (512,)),
    *grid("small", 50_000, "muon", (0.0104,), (1024,)),
    *grid("small", 50_000, "adamw", (0.0052,), (512,)),
    *grid("small", 50_000, "muon", (0.00097, 0.0026), (1024,)),
    *grid("small", 50_000, "muon", (0.0052,), (512,)),
    *grid("small", 250_000, "muon", (0.0052, 0.0104), (1024,)),
    *grid("small", 250_000, "adamw", (0.0026,), (512,)),
]


def train_point(point: Point, plan: Plan, workspace: Workspace) -> dict[str, Any]:
    """Train and score one; its settings, bits per byte by domain, and CPU-seconds of training."""
    model = resolve_model(point.size)
    training = resolve_training(
        model, point.tokens, batch_tokens=point.batch_tokens, optimizer=point.optimizer,
        learning_rate=point.learning_rate, average_checkpoints=point.average)
    training = replace(
        training, warmup_share=point.warmup_share, final_share=point.final_share, beta2=point.beta2,
        checkpoint_every=max(1, training.steps // 20))
    name = plan.groups[plan.recipe.comparison.baseline][0]
    planned = plan.runs[name]
    run = replace(
        planned, parameters={"seed": point.seed, "model": model.to_json(), "training": training.to_json()},
        inputs={role: step for role, step in planned.inputs.items() if not role.startswith(VALIDATION)})
    evaluation = replace(
        plan.evaluations[name], inputs={**plan.evaluations[name].inputs, "run": run},
        parameters={**plan.evaluations[name].parameters, "context_tokens": model.context_tokens,
                    "stride_tokens": model.context_tokens})
    whole = not workspace.path(run).exists()  # or else a killed run goes on, whose seconds are not all known
    started = time.process_time()
    train_one(workspace, run)
    seconds = round(time.process_time() - started, 1) if whole else None
    build_evaluation(evaluation, workspace, serial_map)
    found = {**asdict(point), "cpu_seconds": seconds,
             "bits_per_byte": _bits_per_byte(evaluation, workspace)}
    for step in (run, evaluation):
        shutil.rmtree(workspace.path(step))
    return found


def _bits_per_byte(evaluation: Step, workspace: Workspace) -> dict[str, float]:
    items = read_table(workspace.path(evaluation) / "items" / part_name(0))
    sums = items.group_by("domain").aggregate([("nats", "sum"), ("bytes", "sum")])
    bits = pc.multiply(pc.divide(sums["nats_sum"], sums["bytes_sum"]), NATS_TO_BITS)
    return {domain: round(value, 5) for domain, value in zip(sums["domain"].to_pylist(), bits.to_pylist(), strict=True)}


def rows(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Means over seeds, best first of every size and budget; `left`: above the best, as a share of it."""
    points: dict[Point, list[dict[str, Any]]] = defaultdict(list)
    names = Point.__dataclass_fields__
    for each in found:
        points[replace(Point(**{name: each[name] for name in names}), seed=0)].append(each)
    table = [{
        **asdict(point), "seeds": len(runs),
        "cpu_seconds": [run["cpu_seconds"] for run in runs if run["cpu_seconds"] is not None],
        "mean": fmean(fmean(run["bits_per_byte"].values()) for run in runs),
        **{domain: fmean(run["bits_per_byte"][domain] for run in runs) for domain in runs[0]["bits_per_byte"]},
    } for point, runs in points.items()]
    table.sort(key=lambda row: (row["size"], row["tokens"], row["mean"]))
    best: dict[tuple[str, int], float] = {}
    for row in table:
        yield {**row, "left": row["mean"] / best.setdefault((row["size"], row["tokens"]), row["mean"]) - 1}


def print_table(found: list[dict[str, Any]]) -> None:
    table = list(rows(found))
    domains = list(found[0]["bits_per_byte"]) if found else []
    print(f"| size | tokens | optimizer | batch | rate | other | seeds | {' | '.join(domains)} | mean | "
          f"above the best | CPU-s |")
    print("|" + "---|" * (10 + len(domains)))
    usual = Point("", 0, "", 0.0, 0)
    for row in table:
        other = ", ".join(f"{name} {row[name]:g}" for name in ("average", "warmup_share", "final_share", "beta2")
                          if row[name] != getattr(usual, name))
        print(f"| {row['size']} | {row['tokens']:,} | {row['optimizer']} | {row['batch_tokens']:,} | "
              f"{row['learning_rate']:g} | {other} | {row['seeds']} | "
              + " | ".join(f"{row[domain]:.3f}" for domain in domains)
              + f" | {row['mean']:.3f} | {100 * row['left']:.1f} % | "
              + (f"{fmean(row['cpu_seconds']):.0f} |" if row["cpu_seconds"] else "not known |"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0, help="no point is begun after so many (default 60)")
    parser.add_argument("--size", help="only points of this size")
    parser.add_argument("--only-table", action="store_true", help="train nothing")
    given = parser.parse_args()
    workspace, recipe = Workspace(given.workspace), read_checked(given.recipe)
    kept = given.workspace / "points.jsonl"
    ends = time.monotonic() + 60 * given.minutes
    if not given.only_table:
        plan = make_plan(recipe, source_inputs(recipe, workspace), workspace)
        for point in POINTS:
            done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.is_file() else []
            if given.size not in (None, point.size) or any(asdict(point).items() <= each.items() for each in done):
                continue
            if time.monotonic() > ends:
                break
            found = train_point(point, plan, workspace)
            with kept.open("a") as file:
                file.write(json.dumps(found) + "\n")
            print(json.dumps(found), flush=True)
    print_table([json.loads(line) for line in kept.read_text().splitlines()])


if __name__ == "__main__":
    main()
