"""What of an item of an evaluation set is looked for: the texts of fields that the recipe names, or that hold texts.

A field is a name, or a way through objects with dots (`choices.text`); the entries of a list are one text. Where the
recipe names none, every field with a text of some words in it is looked for by itself; not a passage that a question is
about, for it is of a source that may well be trained on.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from maslin.curation.decontamination.records import read_records
from maslin.curation.dedup.containment import words_of
from maslin.curation.dedup.ngrams import sizes_of
from maslin.curation.ingest.build import valid_unicode
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.evaluation_sets import EvaluationSet, joined
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.typed_yaml import suggestion
from maslin.manifests.tables import ITEMS
from maslin.manifests.visible import visible_line

TEXT_WORDS = 8  # in the longest text of a field, so that it is none of names and labels
MOST_FIELDS = 1000  # objects whose keys are values, not names, have no fields to choose among
# What a question is about: left out where other fields hold texts, and found where the recipe names them.
PASSAGES = frozenset({"context", "passage", "paragraph", "article", "story", "document", "support", "evidence"})
IDS = ("id", "task_id", "item_id", "question_id", "doc_id", "qid", "idx", "ind", "index")


@dataclass(frozen=True)
class Items:
    """`table`: ITEMS, a row a text; `fields`: those that were chosen, and whether by the recipe."""

    table: pa.Table
    items: int
    fields: tuple[str, ...]
    named: bool


def read_items(inputs: Sequence[InputFile], asked: EvaluationSet) -> Items:
    """All items of a set. Raises UsageError where it is empty, damaged, or lacks a field, with file and record."""
    records = list(read_records(inputs))
    if not records:
        raise UsageError(f"{', '.join(file.name for file in inputs)}: no items in it.")
    try:
        fields = asked.fields or _choose(records)
        ids = _ids(records, asked.id, len(inputs) > 1)
        rows = [(id, field, text) for (place, record), id in zip(records, ids, strict=True) for field in fields
                if (text := _text(place, record, field)).strip()]
    except RecursionError as error:
        raise UsageError(f"{inputs[0].name}: items are nested too deeply.") from error
    if not rows:
        raise UsageError(f"{inputs[0].name}: no text in {', '.join(fields)} of its {len(records):,} items.")
    item, field, text = (pa.array(column, pa.string()) for column in zip(*rows, strict=True))
    words, word_bytes = sizes_of(words_of(text, signs=False))
    table = pa.table([item, field, text, pa.array(words, pa.int32()), word_bytes], schema=ITEMS)
    return Items(table, len(records), fields, bool(asked.fields))


def _text(place: str, record: dict[str, Any], field: str) -> str:
    return "\n".join(text for part in joined(field) for text in _at(record, part, place, part))


def _at(value: Any, way: str, place: str, field: str) -> list[str]:
    """The texts at the end of a way. Raises UsageError where an object on it has no such field."""
    if isinstance(value, list):
        return [text for each in value for text in _at(each, way, place, field)]
    if not way:
        if isinstance(value, dict):
            raise UsageError(f"{place}: `{field}` is an object with {_keys(value)}: name one of these, as "
                             f"`{field}.{next(iter(value), 'text')}`.")
        return [] if value is None or isinstance(value, bool) else [valid_unicode(str(value))]
    if value is None:
        return []
    if isinstance(value, dict):
        if way in value:
            return _at(value[way], "", place, field)
        for end in (at for at, letter in enumerate(way) if letter == "."):
            if way[:end] in value:
                return _at(value[way[:end]], way[end + 1:], place, field)
    there = _keys(value) if isinstance(value, dict) else "no fields at all"
    near = suggestion(field, value) if isinstance(value, dict) else ""
    raise UsageError(f"{place}: no field `{field}` in it; it has {there}{near if 'did you' in near else ''}.")


def _keys(value: dict[str, Any]) -> str:
    return ", ".join(visible_line(key, 40) for key in [*value][:20]) or "nothing"


# What a recipe leaves open


def _choose(records: Sequence[tuple[str, dict[str, Any]]]) -> tuple[str, ...]:
    """The fields that hold texts, as they stand in the items."""
    texts: dict[str, list[str]] = {}
    for place, record in records:
        of_record: dict[str, list[str]] = {}
        for field, text in _leaves(record, ""):
            of_record.setdefault(field, []).append(text)
        for field, found in of_record.items():
            texts.setdefault(field, []).append("\n".join(found))
        if len(texts) > MOST_FIELDS:
            raise UsageError(f"{place}: more than {MOST_FIELDS:,} different fields so far: say by `fields` which of "
                             "them hold what is looked for.")
    words = {field: int(sizes_of(words_of(pa.array(found), signs=False))[0].max()) for field, found in texts.items()}
    if not words or not max(words.values()):
        raise UsageError(f"{records[0][0]}: no field in it holds a text; it has {_keys(records[0][1])}.")
    holding = [field for field, most in words.items() if most >= TEXT_WORDS] or [
        max(words, key=lambda field: words[field])]
    asking = [field for field in holding if field.rpartition(".")[2] not in PASSAGES]
    return tuple(asking or holding)


def _leaves(value: Any, way: str) -> Iterator[tuple[str, str]]:
    """(field, text) of all texts in an item."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{way}.{key}" if way else key)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, way)
    elif isinstance(value, str):
        yield way, valid_unicode(value)


def _ids(records: Sequence[tuple[str, dict[str, Any]]], field: str | None, several: bool) -> list[str]:
    """The name of each item: by a field, or its number, behind the file's name where there are several."""
    if field is not None:
        return [" ".join(_at(record, field, place, field)) for place, record in records]
    for known in IDS:
        values = [record.get(known) for _, record in records]
        if all(isinstance(value, str | int) and value != "" for value in values) and len(set(values)) == len(values):
            return [valid_unicode(str(value)) for value in values]
    count: Counter[str] = Counter()
    names = []
    for place, _ in records:
        file = place.rpartition(",")[0]
        count[file] += 1
        names.append(f"{file}#{count[file]}" if several else f"#{count[file]}")
    return names
