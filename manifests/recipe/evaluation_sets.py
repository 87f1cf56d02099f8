"""Evaluation sets that a recipe names, so that no corpus holds what models are asked in them."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from maslin.manifests.recipe.faults import BROKEN
from maslin.manifests.recipe.paths import check_paths
from maslin.manifests.recipe.sources import unpacked_name
from maslin.manifests.recipe.typed_yaml import Node, convert_dataclass
from maslin.manifests.steps.decontamination import Decontamination

ROLE = "evaluation_set:"  # of a corpus's inputs, and of the files that are found for a recipe
_SUFFIXES = (".jsonl", ".ndjson", ".jl", ".jsonlines", ".json", ".parquet", ".pq")
_JOINT = "+"


@dataclass(frozen=True)
class EvaluationSet:
    """Items in JSON Lines, a JSON list or Parquet, an object or row each.

    `fields`: each a text that is looked for by itself, or several joined, `question + answer`; a dot leads into an
    object (`choices.text`), and the entries of a list are one text. Without, all that hold texts. `id`: the field that
    names an item; without, one that is known for it, else its number.
    """

    paths: tuple[str, ...]
    fields: tuple[str, ...] = ()
    id: str | None = None
    folders_are_inputs: ClassVar[bool] = False

    def is_input(self, path: Path) -> bool:
        """Whether a file is one of them that a folder holds, by its name."""
        return unpacked_name(path).endswith(_SUFFIXES)


def joined(field: str) -> list[str]:
    """The fields that make one text."""
    return [part.strip() for part in field.split(_JOINT)]


def read_evaluation_set(node: Node) -> EvaluationSet:
    """A set of a recipe. What is wrong with it is added to the node's faults, and BROKEN."""
    entries = node.mapping()
    found = convert_dataclass(node, EvaluationSet, entries=entries)
    if found.paths is not BROKEN:
        check_paths(entries["paths"], found.paths)
    if "fields" in entries and found.fields is not BROKEN:
        given = entries["fields"]
        for item, field in zip(given.items() if given.is_list else [given], found.fields, strict=True):
            node.faults.attempt(partial(_check_field, item, field))
    return found


def _check_field(node: Node, field: str) -> None:
    if field is not BROKEN and not all(joined(field)):
        node.fail(f"`{field}` names no field: `question`, or `question + answer` for several as one text")


def read_decontamination(node: Node) -> Decontamination | None:
    """How the sets are looked for; None where the recipe says `false`."""
    if not node.is_mapping and not node.is_null:
        if node.scalar() is False:
            return None
        node.fail(f"expected false, or what is to be otherwise as in {{share: 0.3}}, found {node.describe()}")
    return convert_dataclass(node, Decontamination)
