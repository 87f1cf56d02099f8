"""Items of evaluation sets in documents: which hold how much of which, by containment of n-grams.

A text of an item with as many words as an n-gram or more is found where a document holds a share of its n-grams; a
shorter one, down to `least_words`, where all its words stand in a row: a run of smaller n-grams.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.decontamination.texts import Texts, look_for
from maslin.curation.dedup.containment import Index, Lookup, ScanTask, measure, passages_of, scan_shard
from maslin.curation.dedup.near.search import read_found
from maslin.curation.dedup.near.sketches import work_path
from maslin.curation.stages import StageShard, iter_surviving
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import digest
from maslin.manifests.steps.decontamination import Decontamination
from maslin.manifests.tables import CONTAMINATION, ITEMS_FOUND
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

FOUND = pa.schema([("text", pa.int64()), *CONTAMINATION])


@dataclass(frozen=True)
class JudgeTask:
    """Say which documents of a shard hold which texts; `wanted`: an .npz of each lookup, arrays of `Wanted`."""

    directory: Path
    shard: StageShard
    lookups: tuple[Lookup, ...]
    wanted: tuple[Path, ...]
    told: Path  # of every text: what of CONTAMINATION it decides
    share: float
    output: Path


@dataclass(frozen=True)
class Contamination:
    """Which documents hold which texts: an Arrow file a shard (FOUND), the best first of each document."""

    paths: list[Path]
    texts: Texts
    looked_for: np.ndarray  # bool, by text
    long_enough: np.ndarray

    def items_found(self, shards: Sequence[pa.ChunkedArray]) -> pa.Table:
        """ITEMS_FOUND, set by set; `shards`: the ids of the documents of each that are kept."""
        documents, kept = (np.zeros(len(self.texts.item_names), np.int64) for _ in range(2))
        for path, ids in zip(self.paths, shards, strict=True):
            rows = read_found(path)
            stays = pc.is_in(rows["id"], value_set=ids.combine_chunks()).to_numpy()
            document = pc.index_in(rows["id"], value_set=pc.unique(rows["id"])).to_numpy().astype(np.int64)
            place, item = self.texts.items_of(rows["text"].to_numpy())
            pairs, at = np.unique(document[place] * len(documents) + item, return_index=True)
            documents += np.bincount(pairs % len(documents), minlength=len(documents))
            kept += np.bincount(pairs[stays[place[at]]] % len(documents), minlength=len(documents))
        found = np.flatnonzero(documents)
        names, sets = np.array(self.texts.names, object), self.texts.item_sets[found]
        items = [self.texts.item_names[item] for item in found]
        return pa.table([pa.array(names[sets].tolist(), pa.string()), pa.array(items, pa.string()), documents[found],
                         kept[found]], schema=ITEMS_FOUND)

    def documents_holding(self, name: str) -> int:
        """How many documents hold an item of a set."""
        return sum(len(pc.unique(rows.filter(pc.equal(rows["set"], name))["id"]))
                   for rows in map(read_found, self.paths))

    def not_looked_for(self, items: dict[str, int]) -> dict[str, dict[str, int]]:
        """By set, how many of its `items` have no text of words enough, and how many only what many of them have."""
        told = {}
        for number, name in enumerate(self.texts.names):
            there, looked = (len(np.unique(self.texts.item_of[(flags & (self.texts.sets == number))[
                self.texts.text_of]])) for flags in (self.long_enough, self.looked_for))
            told[name] = {"too_short": items[name] - there, "templates": there - looked}
        return told


def find_items(
    directory: Path, stage: str, shards: Sequence[StageShard], sets: Sequence[tuple[str, pa.Table]],
    parameters: Decontamination, mapper: Mapper, label: str, total: int | None = None,
) -> Contamination:
    """Documents of `shards` that hold items of `sets`: (name, ITEMS) each.

    Works below `.shards/` of the step directory; an attempt that was cut off goes on.
    """
    texts = Texts.of(sets)
    wanted = look_for(texts, parameters)
    folders = {size: work_path(directory, stage, f"index-{size}-{digest(asdict(parameters))}", 0, "arrays")
               for size in wanted}
    wanted_paths = tuple(work_path(directory, stage, f"wanted-{size}", 0, "npz") for size in wanted)
    for (size, each), path in zip(wanted.items(), wanted_paths, strict=True):
        each.index.save(folders[size])
        with atomic_path(path) as temporary, open(temporary, "wb") as sink:
            np.savez(sink, texts=each.texts, sizes=each.sizes, runs=each.runs)
    told = work_path(directory, stage, "texts", 0, "arrow")
    _write(told, _told(texts))
    lookups = [
        tuple(Lookup(folders[size], work_path(directory, stage, f"hits-{size}", number, "npz"), size)
              for size in wanted) for number in range(len(shards))]
    run_shards(
        directory, scan_shard, [ScanTask(directory, each, shard, signs=False)
                                for each, shard in zip(lookups, shards, strict=True)],
        mapper, label, stage=f"{stage}-scan", total=total, unit="documents")
    judges = [
        JudgeTask(directory, shard, each, wanted_paths, told, parameters.share,
                  work_path(directory, stage, "found", number, "arrow"))
        for number, (each, shard) in enumerate(zip(lookups, shards, strict=True))]
    run_shards(directory, judge_shard, judges, mapper, f"{label}, passages", stage=f"{stage}-judge")
    looked_for = np.zeros(len(texts.words), np.bool_)
    for each in wanted.values():
        looked_for[each.texts[each.sizes > 0]] = True
    return Contamination([task.output for task in judges], texts, looked_for, texts.long_enough(parameters))


def _told(texts: Texts) -> pa.Table:
    """By text: set, first item, field, and the number of items that have it."""
    having = np.bincount(texts.text_of, minlength=len(texts.words))
    return pa.table({
        "set": pa.array([texts.names[number] for number in texts.sets]),
        "item": pa.array([texts.item_names[item] for item in texts.first]),
        "field": pa.array(texts.fields), "items": pa.array(having, pa.int32())})


def judge_shard(task: JudgeTask) -> ShardResult:
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    columns: list[tuple[np.ndarray, ...]] = [(whole, whole, real, real, whole, whole, whole)]
    for lookup, path in zip(task.lookups, task.wanted, strict=True):
        index = Index.load(lookup.index)
        with np.load(path) as stored:
            texts, sizes, runs = (stored[name] for name in ("texts", "sizes", "runs"))
        with np.load(lookup.hits) as hits:
            found = measure(hits["row"], hits["place"], hits["number"], index, len(texts))
        share = found.held / np.maximum(sizes[found.references], 1)
        wanted = runs[found.references]
        holds = np.where(wanted > 0, found.runs >= wanted, share >= task.share) & (sizes[found.references] > 0)
        share[wanted > 0] = 1.0
        threshold = np.where(wanted > 0, 1.0, task.share)
        columns.append(tuple(each[holds] for each in (
            found.rows, texts[found.references], share, threshold, found.runs + lookup.ngram_words - 1,
            found.run_places, np.full(len(share), lookup.ngram_words))))
    parts = [np.concatenate(each) for each in zip(*columns, strict=True)]
    order = np.lexsort((parts[1], -parts[4], -parts[2], parts[0]))  # of a document what is most, then what is longest
    rows, texts, share, threshold, words, places, sizes = (each[order] for each in parts)
    best = np.unique(np.stack([rows, texts]), axis=1, return_index=True)[1]  # of a text that is a reference twice
    best.sort()
    rows, texts, share, threshold, words, places, sizes = (
        each[best] for each in (rows, texts, share, threshold, words, places, sizes))
    ids, passages = _passages(task.shard, rows, places, words, sizes)
    told = read_found(task.told).take(pa.array(texts))
    _write(task.output, pa.table([
        texts, pa.array(ids, pa.string()), told["set"], told["item"], told["field"], told["items"], share, threshold,
        pa.array(words, pa.int32()), pa.array(passages, pa.string())], schema=FOUND))
    return {"files": [file_entry(task.directory, task.output)]}


def _passages(
    shard: StageShard, rows: np.ndarray, places: np.ndarray, words: np.ndarray, sizes: np.ndarray,
) -> tuple[list[str], list[str]]:
    """The id of each row, and the passage of so many words from the n-gram of this size at this place on."""
    ids, passages, first = [""] * len(rows), [""] * len(rows), 0
    if not len(rows):
        return ids, passages
    for table in iter_surviving(shard, ["id", "text"]):
        begin, end = np.searchsorted(rows, (first, first + table.num_rows))
        for row in np.unique(rows[begin:end]).tolist():
            text, id = table["text"][row - first].as_py(), table["id"][row - first].as_py()
            mine = np.arange(*np.searchsorted(rows, (row, row + 1)))
            for size in np.unique(sizes[mine]).tolist():
                here = mine[sizes[mine] == size]
                found = passages_of(
                    text, list(zip(places[here].tolist(), words[here].tolist(), strict=True)), size, signs=False)
                for at, passage in zip(here.tolist(), found, strict=True):
                    ids[at], passages[at] = id, passage
        first += table.num_rows
    return ids, passages


def _write(path: Path, table: pa.Table) -> None:
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, table.schema) as writer:
        writer.write_table(table)
