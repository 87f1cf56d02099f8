"""Documents that contain a part of another one: training text that holds what is held out.

In three acts: an index of the references' n-grams; every document's n-grams that are in it, with in how many documents
each is; then, without n-grams that many documents share (licence heads, menus), who holds how much of which reference,
and the longest run of words they share. References all stay. Then parts.py: what small parts add up to.

Index, scan and `measure` serve items of evaluation sets, too (maslin.curation.decontamination.search).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import uint64

from maslin.curation.dedup.near.sketches import text_hashes, work_path
from maslin.curation.dedup.ngrams import blank_signs, ngram_hashes
from maslin.curation.dedup.parts import Small, choose_parts
from maslin.curation.dedup.words import Words, split_words
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

    def numbers_of(self, hashes: np.ndarray) -> np.ndarray:
        """The number of each n-gram, -1 of one that is not here."""
        keys, numbers = self.keys.view(), self.numbers.view()
        keys.flags.writeable = numbers.flags.writeable = False  # as mapped ones: for these the kernel compiles
        return _look_up(keys, numbers, hashes)

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


def make_index(references: Iterable[tuple[int, pa.Table]], ngram_words: int, signs: bool = True) -> Index:
    """Of the texts of (domain, id and text); in memory, as references are a small part. `signs`: see `words_of`."""
    hashes, documents, places, ids, domains, texts = [], [], [], [], [], []
    offset = count = 0
    for domain, table in references:
        found, bounds, _ = ngram_hashes(words_of(table["text"], signs), ngram_words)
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


def words_of(texts: pa.ChunkedArray | pa.Array, signs: bool) -> Words:
    """The words of texts; without `signs` each is an end of a word, whichever it is (“don’t” is don, t)."""
    return split_words(texts if signs else blank_signs(texts))


@dataclass(frozen=True)
class Lookup:
    """An index that is looked up, and what of it stands in a shard."""

    index: Path  # a folder of arrays
    hits: Path  # .npz: row, place in the document, number of each; n-grams of each document
    ngram_words: int


@dataclass(frozen=True)
class ScanTask:
    """Find the n-grams of indexes in the documents of a shard, which is read once for all of them."""

    directory: Path
    lookups: tuple[Lookup, ...]
    shard: StageShard
    signs: bool = True


@dataclass(frozen=True)
class JudgeTask:
    """Say which documents of a shard contain too much."""

    directory: Path
    shard: StageShard
    lookup: Lookup
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
    index = make_index(
        ((domains.index(domain), table) for domain, shard in references
         for table in iter_surviving(shard, ["id", "text"])), parameters.ngram_words)
    index_path = work_path(directory, stage, f"index-{digest(asdict(parameters))}", 0, "arrays")
    index.save(index_path)
    lookups = [Lookup(index_path, work_path(directory, stage, "hits", number, "npz"), parameters.ngram_words)
               for number in range(len(shards))]
    scans = [ScanTask(directory, (lookup,), shard) for lookup, shard in zip(lookups, shards, strict=True)]
    run_shards(directory, scan_shard, scans, mapper, label, stage=f"{stage}-scan", total=total, unit="documents")
    documents = np.bincount(index.pair_numbers, minlength=index.size)
    for lookup in lookups:
        with np.load(lookup.hits) as hits:
            _count_documents(hits["row"], hits["number"], documents)
    countable = documents <= parameters.common_documents
    common = np.flatnonzero(~countable)
    common_path = work_path(directory, stage, "common", 0, "npz")
    with atomic_path(common_path) as temporary, open(temporary, "wb") as sink:
        np.savez(sink, common=common, sizes=np.bincount(
            index.pair_documents[countable[index.pair_numbers]], minlength=len(index.ids)))
    judges = [JudgeTask(directory, shard, lookup, common_path, leaving, *(
        work_path(directory, stage, what, number, suffix) for what, suffix in (
            ("contained", "arrow"), ("small", "npz"))), asdict(parameters))
        for number, (shard, lookup) in enumerate(zip(shards, lookups, strict=True))]
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
        [task.output for task in judges], parts_paths, parts.threshold, [lookup.hits for lookup in lookups], countable,
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
    indexes = [Index.load(lookup.index) for lookup in task.lookups]
    found: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in indexes]
    ngrams = [[np.zeros(0, np.int64)] for _ in indexes]
    first = 0
    for table in iter_surviving(task.shard, ["id", "text"]):
        words = words_of(table["text"], task.signs)
        for lookup, index, hits, counts in zip(task.lookups, indexes, found, ngrams, strict=True):
            theirs = pc.is_in(table["id"], value_set=pa.array(index.ids)).to_numpy(zero_copy_only=False)
            hashes, bounds, _ = ngram_hashes(words, lookup.ngram_words)
            number = index.numbers_of(hashes)
            hit = np.flatnonzero(number >= 0)
            row = np.searchsorted(bounds, hit, side="right") - 1
            hit, row = hit[~theirs[row]], row[~theirs[row]]  # a reference in its own source is no other document
            hits.append((row + first, hit - bounds[row], number[hit]))
            counts.append(np.diff(bounds))
        first += table.num_rows
        advance(table.num_rows)
    for lookup, hits, counts in zip(task.lookups, found, ngrams, strict=True):
        row, place, number = (np.concatenate(each) for each in zip(*hits, strict=True)) if hits else (
            np.zeros(0, np.int64),) * 3
        with atomic_path(lookup.hits) as temporary, open(temporary, "wb") as sink:
            np.savez(sink, row=row, place=place, number=number, ngrams=np.concatenate(counts))
    return {"files": [file_entry(task.directory, lookup.hits) for lookup in task.lookups]}


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
    index = Index.load(task.lookup.index)
    countable = np.ones(index.size, np.bool_)
    with np.load(task.common) as stored:
        countable[stored["common"]] = False
        sizes = stored["sizes"]
    with np.load(task.lookup.hits) as hits:
        row, place, number, ngrams = (hits[name] for name in ("row", "place", "number", "ngrams"))
    counts = countable[number]
    row, place, number = row[counts], place[counts], number[counts]
    rows, shares, best, runs, run_places, run_of = _most_of_rows(
        measure(row, place, number, index, len(sizes)), sizes)
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
    for table in iter_surviving(task.shard, ["id", "text"]):
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
    return {"files": [file_entry(task.directory, path) for path in (task.output, task.small)],
            "ngrams": int(ngrams[stays].sum()), **causes}


def passage_of(text: str, ngram: int, count: int, ngram_words: int) -> str:
    """So many words from the n-gram on, lower-cased."""
    return passages_of(text, [(ngram, count)], ngram_words)[0]


def passages_of(text: str, runs: Sequence[tuple[int, int]], ngram_words: int, signs: bool = True) -> list[str]:
    """Of each (n-gram, count) so many words from the n-gram on, lower-cased."""
    words = words_of(pa.array([text]), signs)
    _, _, starts = ngram_hashes(words, ngram_words)
    found = []
    for ngram, count in runs:
        first = int(starts[ngram])
        begin, end = (int(words.starts[min(word, len(words.starts) - 1)]) for word in (first, first + count))
        end = min(end, begin + 4 * PASSAGE_CHARACTERS)  # of bytes
        found.append(words.data[begin:end].tobytes().decode(errors="ignore").strip()[:PASSAGE_CHARACTERS])
    return found


@dataclass(frozen=True)
class Measured:
    """A row of a shard and a reference that it holds n-grams of, each; by row, then in the order they are met.

    `held`: distinct n-grams of the reference; `runs`: the longest run of them, in n-grams, and the place of its first.
    """

    rows: np.ndarray
    references: np.ndarray
    held: np.ndarray
    runs: np.ndarray
    run_places: np.ndarray


def measure(row: np.ndarray, place: np.ndarray, number: np.ndarray, index: Index, references: int) -> Measured:
    """Of the hits of a shard (rows ascending, places ascending in a row), how much of which reference a row holds."""
    return Measured(*_measure(row, place, number, index.place_bounds, index.places, index.document_of, references))


def _most_of_rows(measured: Measured, sizes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of each row: row, greatest share of a reference, which, longest run of n-grams, its place, of which reference."""
    begins = np.flatnonzero(np.diff(measured.rows, prepend=-1))
    if not len(begins):
        return (*(np.zeros(0, each) for each in (np.int64, np.float64)), *(np.zeros(0, np.int64),) * 4)
    group = np.repeat(np.arange(len(begins)), np.diff([*begins, len(measured.rows)]))
    shares = measured.held / sizes[measured.references]
    best = _firsts(group, np.flatnonzero(shares == np.maximum.reduceat(shares, begins)[group]))
    ties = np.flatnonzero(measured.runs == np.maximum.reduceat(measured.runs, begins)[group])
    longest = _firsts(group, ties[np.lexsort((
        -measured.references[ties], measured.run_places[ties] + measured.runs[ties], group[ties]))])
    return (measured.rows[begins], shares[best], measured.references[best], measured.runs[longest],
            measured.run_places[longest], measured.references[longest])


def _firsts(group: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The first place of each group; those of a group are neighbours."""
    return places[np.flatnonzero(np.diff(group[places], prepend=-1))]


@njit(cache=True)
def _measure(row, place, number, bounds, places, document_of, references):
    """The columns of `Measured`."""
    rows, of, held_by, longest, begin = (
        np.empty(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64),
        np.empty(16, np.int64))
    seen = np.full(len(bounds), -1, np.int64)  # by n-gram: the row that last held it
    held, touched = np.zeros(references, np.int64), np.empty(references, np.int64)
    runs, run_ends = np.zeros(references, np.int64), np.zeros(references, np.int64)
    lengths, stamps = np.zeros(len(document_of) + 1, np.int64), np.full(len(document_of) + 1, -1, np.int64)
    used, at, stamp = 0, 0, 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == row[at]:
            end += 1
        count = 0
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
                if not known and reference != last:  # places of an n-gram go document by document
                    if held[reference] == 0:
                        touched[count] = reference
                        count += 1
                        runs[reference] = 0
                    held[reference] += 1
                    last = reference
                length = 1
                if where > 0 and stamps[where - 1] == now - 1:
                    length = lengths[where - 1] + 1
                stamps[where], lengths[where] = now, length
                if length > runs[reference]:
                    runs[reference], run_ends[reference] = length, place[hit]
            stamp = max(stamp, now + 1)
        while used + count > len(rows):
            rows, of, held_by, longest, begin = (
                _doubled(rows), _doubled(of), _doubled(held_by), _doubled(longest), _doubled(begin))
        for each in range(count):
            reference = touched[each]
            rows[used], of[used], held_by[used] = row[at], reference, held[reference]
            longest[used], begin[used] = runs[reference], run_ends[reference] - runs[reference] + 1
            held[reference] = 0
            used += 1
        at = end
    return rows[:used], of[:used], held_by[:used], longest[:used], begin[:used]


@njit(cache=True)
def _doubled(values):
    larger = np.empty(2 * len(values), values.dtype)
    larger[:len(values)] = values
    return larger
