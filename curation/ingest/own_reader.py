"""Readers of the user's own: a function of a path, or a declaration as ours; no exception of theirs stops a source."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from maslin.curation.ingest.records import Document, Dropped, Failed, Origin, Record, Split, Watch
from maslin.manifests.errors import UsageError
from maslin.manifests.identity import document_id
from maslin.manifests.own_code import OwnCode
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.sources import SHARED_KEYS, SourceKind

KEYS = ("text", "id", "url", "date", "language", "licence")  # of a document that is given as a dict
_END = object()


def own_kind(kind: str, code: OwnCode) -> SourceKind:
    """What the user's `code` declares, with its reader guarded. Raises UsageError for what declares no source."""
    found = code.load()
    if not isinstance(found, SourceKind):
        if not callable(found):
            raise UsageError(f"{code.path}: `{code.name}` is neither a SourceKind nor a function of a path.")
        return SourceKind(read=partial(_read, kind, code, partial(_of_file, found)))
    if not dataclasses.is_dataclass(found.options):
        raise UsageError(f"{code.path}: the options of `{code.name}` are no dataclass.")
    if taken := {entry.name for entry in dataclasses.fields(found.options)} & {*SHARED_KEYS, "code"}:
        raise UsageError(f"{code.path}: `{min(taken)}` cannot be an option of `{code.name}`: every source has it.")
    return dataclasses.replace(
        found, read=partial(_read, kind, code, found.read),
        splits=found.splits and partial(_of_inputs, code, "split", found.splits),
        check=found.check and partial(_of_inputs, code, "checked", found.check))


def _of_inputs(
    code: OwnCode, done: str, function: Callable[..., Any], inputs: Sequence[InputFile], options: Any
) -> Any:
    """What the user's function of all inputs answers, to be `done` with them."""
    try:
        return function(inputs, options)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{code.place(error)}: the files of `{code.called}` cannot be {done} "
                         f"({type(error).__name__}: {error}).") from error


def _read(
    kind: str, code: OwnCode, read: Callable[..., Iterator[Any]], split: Split, options: Any, watch: Watch
) -> Iterator[Record]:
    """What the user's reader yields, as records; an exception ends its split as `reader_error`, with file and line."""
    name, number = split.input.name, 0
    try:
        for number, item in enumerate(read(split, options, watch), 1):
            yield _record(kind, item, Origin(name), f"{name}, record {number}")
    except Exception as error:
        yield Failed("reader_error", f"{code.place(error)}: {type(error).__name__}: {error} (after {number} records)",
                     Origin(name, split.start))


def _of_file(function: Callable[..., Any], split: Split, options: Any, watch: Watch) -> Iterator[Any]:
    items = iter(function(split.input.path))
    for ordinal in count():
        if not watch.enter(ordinal):
            yield Failed("worker_died", f"record {ordinal + 1} ended the process, twice; the file is not read beyond",
                         Origin(split.input.name, ordinal))
            return
        if (item := next(items, _END)) is _END:
            return
        yield item


def _record(kind: str, item: Any, origin: Origin, place: str) -> Record:
    """A record as it is, or the document of a dict: its id is of its `id`, or else of its text."""
    if isinstance(item, Document | Dropped | Failed):
        return item
    if not isinstance(item, Mapping) or not isinstance(text := item.get("text"), str):
        return Failed("no_text", f"{place}: not a dict with a string `text`", _at(origin, place))
    if unknown := [key for key in item if key not in KEYS]:
        return Failed("unknown_key", f"{place}: `{unknown[0]}` is none of {', '.join(KEYS)}", _at(origin, place))
    source_id, url, date, language, licence = (
        None if item.get(key) is None else str(item[key]) for key in KEYS[1:])
    own = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if source_id is None else source_id
    id = document_id(kind, own)
    if not text.strip():
        return Dropped("empty_text", id, url or place, 0.0, 1.0, "<")
    return Document(id, text, origin, url, date, source_id, language, licence=licence)


def _at(origin: Origin, place: str) -> Origin:
    return Origin(f"{origin.file}/{place.rpartition(' ')[2]}")
