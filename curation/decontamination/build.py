"""The step of an evaluation set, `items/`; and what is said of a set before any work."""

from collections.abc import Sequence

from maslin.curation.decontamination.items import read_items
from maslin.manifests.manifest import Manifest
from maslin.manifests.recipe.evaluation_sets import EvaluationSet
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.tables import part_name, write_table
from maslin.manifests.workspace import Mapper, Step, Workspace, commit


def build_evaluation_set(
    step: Step, workspace: Workspace, mapper: Mapper, inputs: Sequence[InputFile], asked: EvaluationSet,
) -> Manifest:
    """Build `items/part-00000.parquet`, a row a text of an item."""
    directory = workspace.path(step)
    found = read_items(inputs, asked)
    entry = write_table(directory, f"items/{part_name(0)}", found.table)
    return commit(directory, step, [entry], sizes={"items": found.items, "texts": found.table.num_rows},
                  summary={"fields": list(found.fields)})


def describe(inputs: Sequence[InputFile], asked: EvaluationSet, parameters: Decontamination) -> str:
    """A set in a sentence: what is looked for, and of how many items nothing. Raises UsageError for a bad one."""
    found = read_items(inputs, asked)
    columns = (found.table[name].to_pylist() for name in ("item", "words", "word_bytes"))
    enough = len({item for item, words, word_bytes in zip(*columns, strict=True)
                  if words >= parameters.least_words and word_bytes >= parameters.least_bytes})
    line = f"{found.items:,} items, looked for by {', '.join(found.fields)}"
    line += "" if found.named else " (the fields that hold texts; `fields` names others)"
    if missing := found.items - enough:
        line += (f"; {missing:,} are not looked for: no text of {parameters.least_words} words and "
                 f"{parameters.least_bytes} bytes of letters")
    return line
