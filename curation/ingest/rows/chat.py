"""Conversations in JSON Lines, plain or compressed (told by content): one an object; its document is their ChatML text.

A line has `messages` (a list of {role, content}), or `instruction`, `input` (may be missing) and `output`, or, as
Self-Instruct's tasks, `instruction` and `instances` (a list of {input, output}: later ones are later turns).
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from maslin.curation.ingest.records import Document, Dropped, Failed, Record, Split, Watch
from maslin.curation.ingest.rows import jsonl
from maslin.manifests.chatml import ANSWERS, ROLES, SPECIAL_TOKENS, render
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.sources import Later, NoOptions, SourceKind


def read(split: Split, options: NoOptions, watch: Watch) -> Iterator[Record]:
    """The conversations of the lines that begin in the split's range.

    Dropped: those without an answer (`no_answer`), and those that contain ChatML's own signs (`chat_markup`), which
    would be read as turns.
    """
    return jsonl.read_lines(split, watch, _record)


def _record(row: Any, line: jsonl.Line) -> Record:
    messages = _messages(row)
    if messages is None:
        return Failed("no_messages", f"{line.place}: neither `messages` nor `instruction` and `output`", line.origin)
    if unknown := sorted({role for role, _ in messages} - set(ROLES)):
        return Failed(
            "unknown_role", f"{line.place}: a message of {', '.join(unknown)}, which is none of {', '.join(ROLES)}",
            line.origin)
    source_id, url = jsonl.string(row.get("id")), jsonl.string(row.get("url"))
    id = document_id("chat", hashlib.sha256(line.content).hexdigest() if source_id is None else source_id)
    where, text = url or line.place, render(messages)
    if any(sign in content for _, content in messages for sign in SPECIAL_TOKENS):
        return Dropped("chat_markup", id, where, text=text)
    if not any(role == ANSWERS and content.strip() for role, content in messages):
        return Dropped("no_answer", id, where, 0.0, 1.0, "<", text)
    return Document(
        id, text, line.origin, url, jsonl.string(row.get("date")), source_id, jsonl.string(row.get("language")),
        licence=jsonl.string(row.get("licence")),
    )


def _messages(row: Any) -> list[tuple[str, str]] | None:
    """(role, content) in turn; None when the row is no conversation."""
    if not isinstance(row, dict):
        return None
    if "messages" in row:
        return _pairs(row["messages"], "role", "content")
    pairs = _pairs(row.get("instances", [row]), "input", "output", optional=True)
    if not pairs or not isinstance(row.get("instruction"), str):
        return None
    messages = []
    for turn, (given, answer) in enumerate(pairs):
        question = [given] if turn and given.strip() else [row["instruction"], given]
        messages.append(("user", "\n\n".join(part.strip() for part in question if part.strip())))
        messages.append((ANSWERS, answer))
    return messages


def _pairs(rows: Any, first: str, second: str, optional: bool = False) -> list[tuple[str, str]] | None:
    """Two texts of each row, the first "" when it is `optional` and not there; None when anything is no text."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    pairs = [(row.get(first) or ("" if optional else None), row.get(second)) for row in rows]
    return pairs if all(isinstance(value, str) for pair in pairs for value in pair) else None


CHAT = SourceKind(
    read=read, splits=jsonl.splits, suffixes=jsonl.SUFFIXES,
    belongs=Later("maslin.curation.ingest.told_by_content:has_conversations"), conversations=True)
