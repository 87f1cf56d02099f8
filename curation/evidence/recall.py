"""What a corpus's near_dedup finds of planted duplicates: edited copies of its own documents, searched for as a build
would, beside what the curve of its bands foretells.

Documents are drawn by hash from those that reach the step, with the text that it meets; what is held out is neither
used nor shown. Similarities are counted again from the shingles, so that nobody leaves for a document unlike it unseen.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.curation.dedup.words import split_words
from maslin.curation.evidence.drawn import texts_met
from maslin.curation.evidence.planting import edited, hashes, page, search, share_for
from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.reading import with_settings
from maslin.manifests.recipe.typed_yaml import Settings
from maslin.manifests.steps.dedup import NearDedup, candidate_probability
from maslin.manifests.steps.known import decode
from maslin.manifests.workspace import read_manifest

BAND = 0.05  # of similarity, in which pairs are counted together
LEAST = 0.5  # similarity that is planted
MOST_CHARACTERS = 50_000  # of a document; what comes behind is not planted
_TEMPLATE_SHARE = 5  # one of so many documents drawn gives its words to a page of a template
_TEMPLATE_WORDS = (200, 400)  # at least, at most
_MORE_PAGES = 10  # of a template than make it one
_PAYLOAD_SHINGLES = 5  # one after the other, at least, in a page's own passage; else a tenth to a third of the template
_BATCH = 256  # texts whose shingles are made at once


@dataclass(frozen=True)
class Band:
    """Pairs whose similarity is in [least, most): how many, `due` of them to leave, and how many of those did.

    `foretold`: the share of those due that the curve of the bands foretells, and its 95 % binomial interval.
    """

    least: float
    most: float
    pairs: int
    due: int
    found: int
    foretold: float | None
    foretold_least: float | None
    foretold_most: float | None


@dataclass(frozen=True)
class Wrong:
    """A planted document that left for one that it is not like: `value` is below what the step asks for."""

    document: str
    survivor: str
    value: float


@dataclass(frozen=True)
class Recall:
    """What a search found of planted duplicates.

    `drawn` documents, `cut` of them at MOST_CHARACTERS; `short` have fewer words than a shingle, and `alike` left for
    another one that was drawn: their copies are not counted. `elsewhere`: copies that rightly left for another document
    than their own; `wrong`: left for one that they are not like. `pages` of `templates`, of which `merged` left.
    `whole`: all pairs together.
    """

    near: NearDedup
    bands: int
    rows: int
    drawn: int
    cut: int
    short: int
    alike: int
    elsewhere: int
    wrong: tuple[Wrong, ...]
    templates: int
    pages: int
    merged: int
    by_similarity: tuple[Band, ...]
    whole: Band


def measure(
    directory: Path, pairs: int, seed: int, settings: Sequence[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> dict[int, Recall]:
    """By its index, each near_dedup of the corpus in `directory`. `settings`: as of trial.try_settings; `say`: see
    lookup.find.

    Raises RecipeError where it has none, or no such parameter.
    """
    manifest = read_manifest(directory)
    steps = tuple(decode(entry) for entry in manifest.parameters["steps"])
    if settings:
        asked = Settings(settings)
        steps = with_settings(tuple(step.released() for step in steps), asked.root)
        asked.faults.tell()
    searched = {index: step.resolved().parameters.near for index, step in enumerate(steps) if step.name == "near_dedup"}
    if not searched:
        raise RecipeError(f"corpus {manifest.name} has no near_dedup: nothing in it looks for near duplicates.")
    return {index: recall(texts_met(manifest, index, pairs, seed, say), near, seed)
            for index, near in searched.items()}


def recall(texts: Mapping[str, str], near: NearDedup, seed: int) -> Recall:
    """Plant copies of these texts, by id, search among all, and judge what is found."""
    planted = Planted({id: text[:MOST_CHARACTERS] for id, text in texts.items()}, near, seed)
    with tempfile.TemporaryDirectory(prefix="maslin-recall-") as folder:
        left, _ = search(Path(folder), planted.texts, near)
    return planted.judge(left, cut=sum(len(text) > MOST_CHARACTERS for text in texts.values()))


class Planted:
    """Documents with their copies, and pages of templates, under ids that say which is which."""

    def __init__(self, drawn: dict[str, str], near: NearDedup, seed: int) -> None:
        self.near, self.seed = near, seed
        self.texts: dict[str, str] = {}
        templates = self._plant_pages(drawn) if near.verify == "containment" else []
        self.templates = len(templates)
        self.names = {f"document-{number:07d}": id for number, id in enumerate(
            id for id in drawn if id not in templates)}
        texts = pa.array([drawn[id] for id in self.names.values()], pa.large_string())
        small, blank = (np.diff(split_words(texts, by).documents) for by in ("scripts", "blanks"))
        self.copies: dict[str, str] = {}  # a document → its copy
        for number, (name, id) in enumerate(self.names.items()):
            similarity = LEAST + (1 - LEAST) * int(hashes(1, seed, id)[0]) / 2**64
            by = "character" if small[number] > 2 * blank[number] else "word"
            self.copies[name] = name.replace("document", "edited")
            self.texts[name] = drawn[id]
            self.texts[self.copies[name]] = edited(
                drawn[id], share_for(similarity, near.shingle_words), by, seed, id, "edits")
        self.shingles = _Shingles(self.texts, near)

    def _plant_pages(self, drawn: dict[str, str]) -> list[str]:
        """Pages with a passage of another document each; the documents whose words are the templates'."""
        least, most = _TEMPLATE_WORDS
        pages = self.near.template_documents + _MORE_PAGES
        long = [(id, words[:most]) for id, words in ((id, text.split()) for id, text in drawn.items())
                if len(words) >= least]
        templates = len(long) // _TEMPLATE_SHARE // pages
        for number in range(templates * pages):
            (id, template), (_, other) = long[number // pages], long[templates + number]
            words = len(template) // int(3 + hashes(1, self.seed, id, str(number))[0] % np.uint64(8))
            payload = other[:max(words, _PAYLOAD_SHINGLES * self.near.shingle_words)]
            self.texts[f"page-{number // pages:04d}-{number:07d}"] = page(template, payload)
        return [id for id, _ in long[:templates]]

    def judge(self, left: Mapping[str, str], cut: int = 0) -> Recall:
        """What was found, and what was not, of all that was planted; `left`: who left for whom."""
        _, least = self.near.limit
        wrong = {id: value for id, survivor in sorted(left.items())
                 if (value := self.shingles.value(id, survivor)) < least}
        similar, due, found = [], [], []
        short = alike = elsewhere = 0
        for document, copy in self.copies.items():
            if not len(self.shingles.of[document]):
                short += 1
                continue
            if left.get(document, copy) != copy:
                alike += 1
                continue
            similar.append(self.shingles.similarity(document, copy))
            due.append(self.shingles.value(document, copy) >= least)
            found.append((copy in left and copy not in wrong) or document in left)
            elsewhere += left.get(copy, document) != document and copy not in wrong
        chosen = lsh_parameters(self.near)
        columns = np.array(similar), np.array(due, bool), np.array(found, bool)

        def band(low: float, high: float) -> Band:
            here = (columns[0] >= low) & (columns[0] < high)
            return _band(low, high, *(each[here] for each in columns), chosen.bands, chosen.rows)

        edges = [0.0, *np.arange(LEAST, 1, BAND).round(2).tolist(), 1.0]
        pages = [id for id in self.texts if id.startswith("page-")]
        return Recall(
            self.near, chosen.bands, chosen.rows, len(self.names), cut, short, alike, elsewhere,
            tuple(Wrong(self._named(id), self._named(left[id]), value) for id, value in wrong.items()),
            self.templates, len(pages), sum(id in left for id in pages),
            tuple(band(low, high + (high == 1)) for low, high in pairwise(edges)), band(0, 2))

    def _named(self, id: str) -> str:
        """What a planted document is, with the id of the one it was made of."""
        kind, _, number = id.partition("-")
        name = self.names.get(f"document-{number}")
        return id if name is None else name if kind == "document" else f"{kind} copy of {name}"


class _Shingles:
    """The shingles of texts as sets: ascending uint64, the first 64 bits of their SHA-1."""

    def __init__(self, texts: dict[str, str], near: NearDedup) -> None:
        self.texts, self.by_share = texts, near.verify == "containment"
        self.of: dict[str, np.ndarray] = {}
        ids = list(texts)
        for first in range(0, len(ids), _BATCH):
            here = ids[first:first + _BATCH]
            words = split_words(pa.array([texts[id] for id in here], pa.large_string()), near.words)
            flat, bounds = minhash.shingle_hashes(words, near.shingle_words)
            self.of |= {id: np.unique(flat[bounds[k]:bounds[k + 1]]) for k, id in enumerate(here)}

    def similarity(self, a: str, b: str) -> float:
        """Jaccard similarity; of equal texts 1, however short."""
        if self.texts[a] == self.texts[b]:
            return 1.0
        common = len(np.intersect1d(self.of[a], self.of[b], assume_unique=True))
        return common / max(1, len(self.of[a]) + len(self.of[b]) - common)

    def value(self, a: str, b: str) -> float:
        """What the step holds against its limit: the similarity, or the share of the smaller one that the other has."""
        if not self.by_share or self.texts[a] == self.texts[b]:
            return self.similarity(a, b)
        common = len(np.intersect1d(self.of[a], self.of[b], assume_unique=True))
        return common / max(1, min(len(self.of[a]), len(self.of[b])))


def _band(
    least: float, most: float, similar: np.ndarray, due: np.ndarray, found: np.ndarray, bands: int, rows: int,
) -> Band:
    number = int(due.sum())
    counts = len(similar), number, int((found & due).sum())
    if not number:
        return Band(least, min(most, 1.0), *counts, None, None, None)
    from scipy.stats import binom  # here: a second of the processor's time

    foretold = float(candidate_probability(similar[due], bands, rows).mean())
    low, high = (float(binom.ppf(each, number, foretold)) / number for each in (0.025, 0.975))
    return Band(least, min(most, 1.0), *counts, foretold, low, high)
