"""One document as commands tell it: where it is from, and why it left."""

from typing import Any

from maslin.flows.shown.answers import Document, Left
from maslin.flows.shown.text import number
from maslin.manifests.visible import visible_line


def document_facts(row: dict[str, Any]) -> Document:
    """A row of documents, without its text."""
    text = row["text"]
    return {"id": row["id"], "url": row["url"], "source": row["source"], "date": row["date"],
            "licence": row["licence"], "origin": row["origin"], "characters": len(text), "bytes": len(text.encode())}


def left_facts(row: dict[str, Any]) -> Left:
    """A row of a ledger, without the beginning of its text: of documents held out nothing is shown."""
    return Left(**{name: row[name] for name in Left.__annotations__})


def print_origin(row: dict[str, Any]) -> None:
    """Which document this is, and where its raw record lies."""
    origin = row["origin"]
    print(f"document {row['id']}")
    print(f"  url       {or_dash(row['url'])}")
    print(f"  source    {row['source']}   date {or_dash(row['date'])}   licence {or_dash(row['licence'])}")
    place = "" if origin["offset"] is None else f" at byte {origin['offset']:,}"
    length = "" if origin["length"] is None else f", {origin['length']:,} bytes"
    print(f"  raw       {or_dash(origin['file'])}{place}{length}")
    print(f"  extracted {len(row['text']):,} characters, {len(row['text'].encode()):,} bytes")


def or_dash(value: str | None) -> str:
    """A value on one line with nothing hidden in it, or a dash for none."""
    return "–" if value is None else visible_line(value, 300)


def decision(row: dict[str, Any]) -> str:
    """`dropped by too_few_sentences: 2 < 3`, as far as the ledger row says."""
    verb = "failed with" if row["action"] == "fail" else "dropped by"
    step = "" if row["step"] in (row["rule"], "documents") else f"{row['step']}."
    text = f"{verb} {step}{row['rule']}"
    if row["value"] is not None:
        text += f": {number(row['value'])}"
        if row["threshold"] is not None:
            text += f" {row['op'] or 'against'} {number(row['threshold'])}"
    if row["detail"]:
        text += f" ({visible_line(row['detail'], 300)})"
    if row["survivor_id"]:
        similarity = f", similarity {row['similarity']:.3f}" if row["similarity"] is not None else ""
        text += f"; stays: {row['survivor_id']}{similarity}"
    return text
