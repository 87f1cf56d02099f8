"""Documents that contain a part of another one: training text that holds what is held out.

In three acts: an index of the references' n-grams; every document's n-grams that are in it, with in how many documents
each is; then, without n-grams that many documents share (licence heads, menus), who holds how much of which reference,
and the longest run of words they share. References all stay. Then parts.py: what small parts add up to.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import uint64

from maslin.curation.dedup.ngrams import ngram_hashes
from maslin.curation.dedup.parts import Small, choose_parts
from maslin.curation.dedup.sketches import text_hashes, work_path
from maslin.curation.dedup.words import split_words
from maslin.curation.stages import StageShard, iter_surviving
from maslin.curation.text.hash_table import slot_of
from maslin.manifests.files import atomic_path, file_entry
from maslin.manifests.identity import digest
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.progress import advance
from maslin.manifests.steps.dedup import HeldOutOverlap
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Mapper, ShardResult, run_shards

CONTAINED = pa.schema([
    ("id", pa.string()), ("reference_id", pa.string()), ("share", pa.float64()), ("run_words", pa.int64()),
    ("passage", pa.string()), ("equal_text", pa.bool_()),
])
PASSAGE_CHARACTERS = 300
MOST_PLACES = 8  # of an n-gram in one reference; more tell nothing, and all pairs of places would take long


@dataclass(frozen=True)
class Index:
    """The references' n-grams. Distinct ones are numbered; a *place* is one occurrence, numbered document by document.

    `keys` and `numbers` are a hash table; n-gram k is at the places `places[place_bounds[k]:place_bounds[k + 1]]`.
    Places of one document follow one another, with a gap before the next one's; `document_of` is by place. The pairs
    `pair_numbers`, `pair_documents` say once which n-gram is in which reference. `text_hashes` [references, 2] uint64:
    texts shorter than an n-gram have nothing else.
    """

    keys: np.ndarray
    numbers: np.ndarray
    place_bounds: np.ndarray
    places: np.ndarray
    document_of: np.ndarray
    pair_numbers: np.ndarray
    pair_documents: np.ndarray
    ids: np.ndarray
    domain_of: np.ndarray
    text_hashes: np.ndarray

    @property
    def size(self) -> int:
        return len(self.place_bounds) - 1

    def of_domain(self, domain: int, countable: np.ndarray) -> np.ndarray:
        """The numbers of the n-grams of a domain that count, ascending."""
        mine = np.unique(self.pair_numbers[self.domain_of[self.pair_documents] == domain])
        return mine[countable[mine]]

    def save(self, folder: Path) -> None:
        """An array a file, which all processes map."""
        folder.mkdir(parents=True, exist_ok=True)
        for each in fields(self):
            with atomic_path(folder / f"{each.name}.npy") as temporary, open(temporary, "wb") as sink:
                np.save(sink, getattr(self, each.name))

    @classmethod
    def load(cls, folder: Path) -> "Index":
        return cls(**{each.name: np.load(folder / f"{each.name}.npy", mmap_mode="r") for each in fields(cls)})


def make_index(references: Sequence[tuple[int, StageShard]], parameters: HeldOutOverlap) -> Index:
    """Of the documents of (domain, shard); in memory, as what is held out is a small part."""
    hashes, documents, places, ids, domains, texts = [], [], [], [], [], []
    offset = count = 0
    for domain, shard in references:
        for table in iter_surviving(shard, ["id", "text"]):
            found, bounds, _ = ngram_hashes(split_words(table["text"]), parameters.ngram_words)
            of = np.repeat(np.arange(table.num_rows), np.diff(bounds))
            hashes.append(found)
            documents.append(of + count)
            places.append(np.arange(len(found)) + of + offset)  # a gap of one between documents
            offset += len(found) + table.num_rows
            count += table.num_rows
            ids += table["id"].to_pylist()
            domains += [domain] * table.num_rows
            texts.append(np.stack(text_hashes(table["text"]), axis=1))
    every = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    document, place = (np.concatenate(each).astype(np.int64) if each else np.zeros(0, np.int64)
                       for each in (documents, places))
    distinct, numbers = np.unique(every, return_inverse=True)
    order = np.argsort(numbers, kind="stable")  # within an n-gram by document, then by place, as they lie
    number, document, place = numbers[order], document[order], place[order]
    rank, new = _ranks(number, document)
    few = rank < MOST_PLACES
    document_of = np.full(offset + 1, -1, np.int64)
    document_of[place] = document
    keys, slots = _hash_table(distinct)
    return Index(
        keys, slots, np.searchsorted(number[few], np.arange(len(distinct) + 1)).astype(np.int64), place[few],
        document_of, number[new], document[new], np.array(ids, np.str_), np.array(domains, np.int64),
        np.concatenate(texts) if texts else np.zeros((0, 2), np.uint64))


def _ranks(number: np.ndarray, document: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(how many of the same n-gram and document stand before, whether none does), for what is sorted by both."""
    new = np.ones(len(number), bool)
    new[1:] = (number[1:] != number[:-1]) | (document[1:] != document[:-1])
    begins = np.flatnonzero(new)
    return np.arange(len(number)) - np.repeat(begins, np.diff([*begins, len(number)])), new


@njit(cache=True)
def _fill_table(distinct, keys, numbers):
    mask = uint64(len(keys) - 1)
    for number in range(len(distinct)):
        slot = slot_of(keys, mask, distinct[number])
        keys[slot], numbers[slot] = distinct[number], number


def _hash_table(distinct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = 4
    while size < 4 * len(distinct):  # most n-grams asked for are not there: free slots answer at once
        size *= 2
    keys, numbers = np.zeros(size, np.uint64), np.full(size, -1, np.int64)
    _fill_table(distinct, keys, numbers)
    return keys, numbers


@dataclass(frozen=True)
class ScanTask:
    """Find the index's n-grams in the documents of a shard."""

    directory: Path
    index: Path  # a folder of arrays
    hits: Path  # .npz: row, place in the document, number of each
    shard: StageShard
    ngram_words: int


@dataclass(frozen=True)
class JudgeTask:
    """Say which documents of a shard contain too much."""

    scan: ScanTask
    common: Path  # .npz: numbers of n-grams that do not count, and how many others each reference has
    leaving: Path | None  # a split: its documents leave whatever they contain
    output: Path
    small: Path  # .npz: n-grams in documents that stay so far, see parts.Small
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Containment:
    """What was found: one Arrow file a shard (`CONTAINED`), where hits lie, and facts for the manifest.

    `parts`: one Arrow file a shard (parts.PARTS), of documents that leave from the value `parts_threshold` on.
    """

    paths: list[Path]
    parts: list[Path]
    parts_threshold: float
    hits: list[Path]
    countable: np.ndarray  # by n-gram
    index: Index
    domains: list[str]
    summary: dict[str, Any]

    def remaining(self) -> dict[str, dict[str, int]]:
        """By domain, n-grams that count and how many of them still stand in what was kept: see `note_remaining`."""
        there = np.zeros(self.index.size, bool)
        for path in self.hits:
            there[np.load(_remaining_path(path))] = True
        counted = {}
        for domain, name in enumerate(self.domains):
            mine = self.index.of_domain(domain, self.countable)
            counted[name] = {"ngrams": len(mine), "in_training": int(there[mine].sum())}
        return counted


def find_contained(
    directory: Path, stage: str, shards: Sequence[StageShard], references: Sequence[tuple[str, StageShard]],
    parameters: HeldOutOverlap, mapper: Mapper, label: str, total: int | None = None, leaving: Path | None = None,
) -> Containment:
    """Documents of `shards` that contain too much of one of `references`: (domain, shard) each.

    `leaving`: a split whose documents leave anyway, so that nothing has to leave for their sake. Works below `.shards/`
    of the step directory; an attempt that was cut off goes on.
    """
    domains = sorted({domain for domain, _ in references})
    index = make_index([(domains.index(domain), shard) for domain, shard in references], parameters)
    index_path = work_path(directory, stage, f"index-{digest(asdict(parameters))}", 0, "arrays")
    index.save(index_path)
    scans = [ScanTask(directory, index_path, work_path(directory, stage, "hits", number, "npz"), shard,
                      parameters.ngram_words) for number, shard in enumerate(shards)]
    run_shards(directory, scan_shard, scans, mapper, label, stage=f"{stage}-scan", total=total, unit="documents")
    documents = np.bincount(index.pair_numbers, minlength=index.size)
    for scan in scans:
        with np.load(scan.hits) as hits:
            _count_documents(hits["row"], hits["number"], documents)
    countable = documents <= parameters.common_documents
    common = np.flatnonzero(~countable)
    common_path = work_path(directory, stage, "common", 0, "npz")
    with atomic_path(common_path) as temporary, open(temporary, "wb") as sink:
        np.savez(sink, common=common, sizes=np.bincount(
            index.pair_documents[countable[index.pair_numbers]], minlength=len(index.ids)))
    judges = [JudgeTask(scan, common_path, leaving, *(
        work_path(directory, stage, what, number, suffix) for what, suffix in (
            ("contained", "arrow"), ("small", "npz"))), asdict(parameters)) for number, scan in enumerate(scans)]
    results = run_shards(directory, judge_shard, judges, mapper, f"{label}, passages", stage=f"{stage}-judge")
    summary = {
        "references": len(index.ids), "ngrams": index.size, "common_ngrams": len(common),
        **{cause: sum(result[cause] for result in results) for cause in ("equal_text", "by_share", "by_run")}}
    parts_paths = [work_path(directory, stage, "parts", number, "arrow") for number in range(len(shards))]
    parts = choose_parts(
        [task.small for task in judges], parts_paths,
        [index.of_domain(domain, countable) for domain in range(len(domains))],
        sum(result["ngrams"] for result in results), parameters)
    summary |= {"by_parts": parts.documents, "parts_threshold": parts.threshold}
    return Containment(
        [task.output for task in judges], parts_paths, parts.threshold, [task.hits for task in scans], countable,
        index, domains, summary)


def note_remaining(hits_path: Path, rows: np.ndarray) -> None:
    """Write down which n-grams of the index stand in these rows of a shard."""
    with np.load(hits_path) as hits:
        numbers = np.unique(hits["number"][np.isin(hits["row"], rows)])
    with atomic_path(_remaining_path(hits_path)) as temporary, open(temporary, "wb") as sink:
        np.save(sink, numbers)


def _remaining_path(hits: Path) -> Path:
    return hits.with_suffix(".remaining.npy")


def scan_shard(task: ScanTask) -> ShardResult:
    index = Index.load(task.index)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    ngrams = [np.zeros(0, np.int64)]
    first = 0
    for table in iter_surviving(task.shard, ["id", "text"]):
        theirs = pc.is_in(table["id"], value_set=pa.array(index.ids)).to_numpy(zero_copy_only=False)
        hashes, bounds, _ = ngram_hashes(split_words(table["text"]), task.ngram_words)
        number = _look_up(index.keys, index.numbers, hashes)
        hit = np.flatnonzero(number >= 0)
        row = np.searchsorted(bounds, hit, side="right") - 1
        hit, row = hit[~theirs[row]], row[~theirs[row]]  # a reference in its own source is no other document
        found.append((row + first, hit - bounds[row], number[hit]))
        ngrams.append(np.diff(bounds))
        first += table.num_rows
        advance(table.num_rows)
    row, place, number = (np.concatenate(each) if found else np.zeros(0, np.int64) for each in zip(
        *found, strict=True)) if found else (np.zeros(0, np.int64),) * 3
    with atomic_path(task.hits) as temporary, open(temporary, "wb") as sink:
        np.savez(sink, row=row, place=place, number=number, ngrams=np.concatenate(ngrams))
    return {"files": [file_entry(task.directory, task.hits)]}


@njit(cache=True)
def _look_up(keys, numbers, hashes):
    found = np.empty(len(hashes), np.int64)
    mask = uint64(len(keys) - 1)
    for at in range(len(hashes)):
        found[at] = numbers[slot_of(keys, mask, hashes[at])]
    return found


@njit(cache=True)
def _count_documents(row, number, documents):
    """Add to `documents` in how many rows each n-gram is; hits lie row by row."""
    seen = np.full(len(documents), -1, np.int64)
    for hit in range(len(row)):
        if seen[number[hit]] != row[hit]:
            seen[number[hit]] = row[hit]
            documents[number[hit]] += 1


def judge_shard(task: JudgeTask) -> ShardResult:
    parameters = HeldOutOverlap(**task.parameters)
    index = Index.load(task.scan.index)
    countable = np.ones(index.size, np.bool_)
    with np.load(task.common) as stored:
        countable[stored["common"]] = False
        sizes = stored["sizes"]
    with np.load(task.scan.hits) as hits:
        row, place, number, ngrams = (hits[name] for name in ("row", "place", "number", "ngrams"))
    counts = countable[number]
    row, place, number = row[counts], place[counts], number[counts]
    rows, shares, best, runs, run_places, run_of = _judge(
        row, place, number, index.place_bounds, index.places, index.document_of, sizes)
    run_words = np.where(runs > 0, runs + parameters.ngram_words - 1, 0)
    by_run = run_words >= parameters.run_words
    left = (shares >= parameters.share) | by_run
    judged = {int(rows[at]): at for at in np.flatnonzero(left)}
    lines, causes, first = [], {"equal_text": 0, "by_share": 0, "by_run": 0}, 0
    own = set(index.ids.tolist())
    leaving = own.union(read_table(task.leaving, ["id"])["id"].to_pylist() if task.leaving else ())
    every: list[str] = []
    stays = np.ones(len(ngrams), np.bool_)
    ends = {tuple(pair): at for at, pair in reversed([*enumerate(index.text_hashes.tolist())])}
    for table in iter_surviving(task.scan.shard, ["id", "text"]):
        halves = (each.tolist() for each in text_hashes(table["text"]))
        equal = [ends.get(pair, -1) for pair in zip(*halves, strict=True)]
        ids = table["id"].to_pylist()
        every += ids
        for here in range(table.num_rows):
            at, id = judged.get(first + here), ids[here]
            stays[first + here] = equal[here] < 0 and at is None and id not in leaving
            if (equal[here] < 0 and at is None) or id in own:
                continue
            text = table["text"][here].as_py()
            if equal[here] >= 0:
                causes["equal_text"] += 1
                lines.append((id, str(index.ids[equal[here]]), 1.0, None, text[:PASSAGE_CHARACTERS], True))
                continue
            causes["by_share" if shares[at] >= parameters.share else "by_run"] += 1
            passage = passage_of(text, int(run_places[at]), int(run_words[at]), parameters.ngram_words)
            reference = str(index.ids[(best if shares[at] >= parameters.share else run_of)[at]])
            lines.append((id, reference, float(shares[at]), int(run_words[at]), passage, False))
        first += table.num_rows
    table = pa.Table.from_pylist([dict(zip(CONTAINED.names, line, strict=True)) for line in lines], schema=CONTAINED)
    with atomic_path(task.output) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(
            sink, CONTAINED) as writer:
        writer.write_table(table)
    Small.of(row, number, np.array(every, np.str_), ngrams, rows, run_words, run_places, index.ids[run_of], stays).save(
        task.small)
    return {"files": [file_entry(task.scan.directory, path) for path in (task.output, task.small)],
            "ngrams": int(ngrams[stays].sum()), **causes}


def passage_of(text: str, ngram: int, count: int, ngram_words: int) -> str:
    """So many words from the n-gram on, lower-cased."""
    words = split_words(pa.array([text]))
    _, _, starts = ngram_hashes(words, ngram_words)
    first = int(starts[ngram])
    begin, end = (int(words.starts[min(word, len(words.starts) - 1)]) for word in (first, first + count))
    return words.data[begin:end].tobytes().decode().strip()[:PASSAGE_CHARACTERS]


@njit(cache=True)
def _judge(row, place, number, bounds, places, document_of, sizes):
    """Of each row with hits: row, greatest share of a reference, which, longest run of n-grams, its place, of which."""
    most = len(row)
    rows, shares = np.empty(most, np.int64), np.zeros(most)
    best, runs, run_places, run_of = (
        np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64))
    seen = np.full(len(bounds), -1, np.int64)  # by n-gram: the row that last held it
    held, touched = np.zeros(len(sizes), np.int64), np.empty(len(sizes), np.int64)
    lengths, stamps = np.zeros(len(document_of) + 1, np.int64), np.full(len(document_of) + 1, -1, np.int64)
    used, at, stamp = 0, 0, 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == row[at]:
            end += 1
        count, run, run_end, run_reference = 0, 0, 0, 0
        stamp += 2  # no run goes on from another document
        base = stamp
        for hit in range(at, end):
            now = base + place[hit]
            known = seen[number[hit]] == row[at]
            seen[number[hit]] = row[at]
            last = -1
            # Backwards, as an n-gram may stand beside itself: its place before must not be stamped yet.
            for posting in range(bounds[number[hit] + 1] - 1, bounds[number[hit]] - 1, -1):
                where = places[posting]
                reference = document_of[where]
                length = 1
                if where > 0 and stamps[where - 1] == now - 1:
                    length = lengths[where - 1] + 1
                stamps[where], lengths[where] = now, length
                if length > run:
                    run, run_end, run_reference = length, place[hit], reference
                if not known and reference != last:  # places of an n-gram go document by document
                    if held[reference] == 0:
                        touched[count] = reference
                        count += 1
                    held[reference] += 1
                    last = reference
            stamp = max(stamp, now + 1)
        share, chosen = 0.0, -1
        for each in range(count):
            reference = touched[each]
            its = held[reference] / sizes[reference]
            if its > share:
                share, chosen = its, reference
            held[reference] = 0
        rows[used], shares[used], best[used] = row[at], share, chosen
        runs[used], run_places[used], run_of[used] = run, run_end - run + 1, run_reference
        used += 1
        at = end
    return rows[:used], shares[:used], best[:used], runs[:used], run_places[:used], run_of[:used]
