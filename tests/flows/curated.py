"""A small curated workspace, built in this process, for tests of the commands that explain it."""

import gzip
import json
import random
from pathlib import Path

from maslin.flows.engine.build import build, missing_steps
from maslin.flows.job.outcome import point_to_results
from maslin.flows.job.planning import make_plan, source_inputs
from maslin.flows.job.work import builder_arguments
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.workspace import Workspace, serial_map
from tests.flows.small_inputs import paragraphs

RECIPE = """\
name: small
sources:
  mine: {kind: jsonl, paths: [mine.jsonl.gz]}
corpora:
  mine:
    from: mine
    steps:
      - c4
      - gopher_quality: {min_words: 60, max_mean_word_length: 4.9, min_stop_words: 1}
      - fineweb: {max_char_dup_ratio: 0.05}
      - exact_dedup
      - near_dedup
"""


def write_inputs(folder: Path, documents: int = 160) -> None:
    rng = random.Random(3)
    rows = []
    for number in range(documents):
        lines = paragraphs(rng, rng.randrange(1, 6)) + ["Contents", "Three words here."] * rng.randrange(3)
        if number % 9 == 0:
            lines[0] += " We use a { here."
        if number % 11 == 0 and rows:
            lines = rng.choice(rows)["text"].split("\n")
        if number % 13 == 0 and rows:
            lines = [*rng.choice(rows)["text"].split("\n"), "And this one sentence more is new."]
        if number % 7 == 0:
            lines += [lines[-1]] * 3
        rng.shuffle(lines)
        rows.append({"id": f"m{number}", "text": "\n".join(lines), "url": f"https://mine.test/{number}/page.html"})
    rows.append({"id": "sly", "text": "\x1b[31m" + "\n".join(paragraphs(rng, 5)), "url": "https://mine.test/\x1b]0;x"})
    with gzip.open(folder / "mine.jsonl.gz", "wt") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in rows)


def curate(folder: Path, recipe_text: str = RECIPE) -> Path:
    """Write the recipe into `folder`, build its corpora in `folder/work`, and return the recipe's path."""
    path = folder / "recipe.yaml"
    path.write_text(recipe_text)
    recipe, workspace = read_recipe(path), Workspace(folder / "work")
    inputs = source_inputs(recipe, workspace)
    plan = make_plan(recipe, inputs, workspace)
    extra = builder_arguments(plan, inputs)
    for step in missing_steps(list(plan.corpora.values()), workspace):
        build(step, workspace, serial_map, extra(step))
    point_to_results(plan, workspace)
    return path
