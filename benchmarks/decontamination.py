"""Recall of planted items of evaluation sets, and documents that leave without holding any.

    python -m benchmarks.decontamination eval/*.jsonl.gz --documents maslin-work/documents/*/documents/*.parquet

Every text of every item that is looked for is planted as a document of its own: as it is; wrapped anew every 8 words;
with other punctuation (quotes and dashes typographic or straight, commas to semicolons, full stops to exclamation
marks, brackets and dashes put in between); in other capitals; and amid four times as many words of a document of
`--documents`. *Recall*: planted documents that leave. *Changed*: one word in so many is another, which containment
finds in part. *Clean*: documents of `--documents` that leave, with what they are said to hold.
"""

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.curation.decontamination.items import read_items
from maslin.curation.decontamination.search import Contamination, find_items
from maslin.curation.decontamination.texts import Texts, look_for
from maslin.curation.dedup.near.search import read_found
from maslin.curation.stages import StageShard
from maslin.manifests.recipe.evaluation_sets import EvaluationSet
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.tables import DOCUMENTS, iter_tables, write_table
from maslin.manifests.workspace import ShardResult

TIMES_MORE = 4
_OTHER_SIGNS = str.maketrans({'"': "“", "'": "’", "“": '"', "”": '"', "’": "'", ",": ";", ";": ",", ".": "!", "?": "…",
                              "(": "[", ")": "]", "-": "–", "、": "，", "。": "！"})


def wrapped(text: str, words: int = 8) -> str:
    """The words with a line end behind every eighth."""
    every = text.split()
    return "\n".join(" ".join(every[at:at + words]) for at in range(0, len(every), words))


def punctuated(text: str, draw: random.Random) -> str:
    """The words with other punctuation on them and between them."""
    words = []
    for word in text.translate(_OTHER_SIGNS).split():
        words.append((word, f"{word},", f"«{word}»", f"({word})", f"{word} —", f"{word} -")[
            min(5, draw.randrange(12))] if draw.random() < 0.5 else word)
    return " ".join(words)


def capitalised(text: str, draw: random.Random) -> str:
    return draw.choice([str.upper, str.title, str.swapcase])(text)


def amid(text: str, other: Sequence[str], draw: random.Random) -> str:
    """The text amid so many times as many words of another."""
    count = TIMES_MORE * max(1, len(text.split()))
    start = draw.randrange(max(1, len(other) - count))
    around = [*other[start:start + count]]
    while len(around) < count:
        around += other[:count - len(around)]
    place = draw.randrange(count + 1)
    return " ".join(around[:place]) + f"\n{text}\n" + " ".join(around[place:])


def changed(text: str, every: int, draw: random.Random) -> str:
    """One word in so many, at drawn places, is another."""
    words = text.split()
    for at in draw.sample(range(len(words)), len(words) // every):
        words[at] = f"other{draw.randrange(1000)}"
    return " ".join(words)


def ways(others: Sequence[Sequence[str]], draw: random.Random) -> dict[str, Callable[[str], str]]:
    """How a text is planted, by name; `others`: the words of documents to plant it in."""
    return {
        "verbatim": lambda text: text, "wrapped every 8 words": wrapped,
        "other punctuation": lambda text: punctuated(text, draw),
        "no punctuation": lambda text: re.sub(r"[^\w\s]|_", "", text),
        "blanks for punctuation": lambda text: re.sub(r"[^\w\s]|_", " ", text),
        "other capitals": lambda text: capitalised(text, draw),
        "amid four times as much": lambda text: amid(text, draw.choice(others), draw)}


TOOK: dict[str, float] = {}  # CPU-seconds by what was done


def timed_map(function: Callable[[Any], ShardResult], tasks: Sequence[Any], label: str, **_: Any) -> list[ShardResult]:
    began = time.process_time()
    results = [function(task) for task in tasks]
    TOOK[label] = time.process_time() - began
    return results


def documents(root: Path, name: str, texts: Sequence[str]) -> StageShard:
    """A shard of documents `0`, `1`, …"""
    rows = [{"id": str(number), "source": name, "text": text} for number, text in enumerate(texts)]
    write_table(root, f"{name}.parquet", pa.Table.from_pylist(rows, schema=DOCUMENTS))
    return StageShard(root / f"{name}.parquet")


def held(
    root: Path, name: str, texts: Sequence[str], sets: Sequence[tuple[str, pa.Table]], parameters: Decontamination,
) -> tuple[list[dict[str, object]], Contamination]:
    """What of the sets these texts hold: rows of CONTAMINATION, the best of each text first."""
    folder = root / name.replace(" ", "-")
    folder.mkdir()
    shards = [documents(folder, "texts", texts)]
    found = find_items(folder, "decontamination", shards, sets, parameters, timed_map, name)
    return [row for path in found.paths for row in read_found(path).to_pylist()], found


def looked_for(sets: Sequence[tuple[str, pa.Table]], parameters: Decontamination) -> list[str]:
    """The texts of the sets that are looked for."""
    texts = Texts.of(sets)
    chosen = sorted({int(text) for each in look_for(texts, parameters).values() for text in each.texts[each.sizes > 0]})
    return texts.table["text"].take(pa.array(chosen, pa.int64())).to_pylist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--documents", nargs="+", type=Path, required=True, help="Parquet files of a documents step")
    parser.add_argument("--least-words", type=int, default=Decontamination().least_words)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    parameters = Decontamination(least_words=options.least_words)
    sets = []
    for path in options.sets:
        found = read_items([InputFile(path.name, path, path.stat().st_size, "")], EvaluationSet((str(path),)))
        sets.append((path.name.partition(".")[0], found.table))
    clean = [text for table in iter_tables(options.documents, ["text"]) for text in table["text"].to_pylist()]
    others = [words for words in (text.split() for text in clean) if len(words) > 200]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        held(root, "kernels", clean[:10], sets, parameters)
        rows, contamination = held(root, "clean", clean, sets, parameters)
        leaving = {row["id"] for row in rows}
        print(f"clean: {len(leaving):,} of {len(clean):,} documents leave ({len(leaving) / len(clean):.3%}), "
              f"{sum(len(text.encode()) for text in clean) / 1e6:.1f} MB, "
              + ", ".join(f"{label} {seconds:.2f} CPU-s" for label, seconds in TOOK.items()))
        for row in rows[:20]:
            print(f"    {row['set']} {row['item']} {row['field']}: {row['share']:.2f}, {row['run_words']} words: "
                  f"{row['passage'][:90]}")
        counted = {name: len(set(table["item"].to_pylist())) for name, table in sets}
        print(contamination.not_looked_for(counted))
        for name, table in sets:
            texts = looked_for([(name, table)], parameters)
            draw = random.Random(options.seed)
            planted = ways(others, draw) | {f"changed 1 in {every}": partial(changed, every=every, draw=draw)
                                            for every in (40, 20, 10)}
            recalls = []
            for way, plant in planted.items():
                rows, _ = held(root, f"{name} {way}", [plant(text) for text in texts], sets, parameters)
                recalls.append(f"{way} {len({row['id'] for row in rows}) / len(texts):.4f}")
            print(f"{name}: {counted[name]:,} items, {len(texts):,} texts looked for: {', '.join(recalls)}")


if __name__ == "__main__":
    main()
