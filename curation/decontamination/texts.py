"""The texts of evaluation sets that are looked for, as references: those that are an item's own, with words enough.

Signs and punctuation are blanks, in texts and documents: line ends, punctuation and capitals decide nothing. Templates
of a set, which stand in many of its items, count for none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from maslin.curation.dedup.containment import Index, make_index, words_of
from maslin.curation.dedup.ngrams import SIGNS, ngram_hashes, sizes_of, with_letters
from maslin.manifests.steps.decontamination import Decontamination

SHARE_OF_ITEMS = 0.02  # that have one and the same text: beyond, and beyond `common_items`, it is none of theirs
_WITHOUT_SIGNS = dict.fromkeys(SIGNS) | {ord(sign): " " for sign in "\t\n\v\f\r "}
_BLANKS_FOR_SIGNS = dict.fromkeys(SIGNS, " ")


@dataclass(frozen=True)
class Texts:
    """The distinct texts of all sets, set by set; `table`: their `id` (set and first item) and `text`.

    By text: `sets`, an index into `names`; `first`, the item that has it first, and in which of the `fields`; its
    `words`, and the bytes of these.
    The pairs `text_of`, `item_of`, by text, say once which is of which item; items are numbered over all sets.
    """

    names: list[str]
    table: pa.Table
    sets: np.ndarray
    first: np.ndarray
    fields: list[str]
    words: np.ndarray
    word_bytes: np.ndarray
    text_of: np.ndarray
    item_of: np.ndarray
    item_names: list[str]
    item_sets: np.ndarray

    @classmethod
    def of(cls, sets: Sequence[tuple[str, pa.Table]]) -> "Texts":
        """Of (name, ITEMS) each."""
        texts: dict[tuple[int, str], int] = {}
        items: dict[tuple[int, str], int] = {}
        pairs: set[tuple[int, int]] = set()
        first, fields, sizes = [], [], []
        for number, (_, table) in enumerate(sets):
            for row in table.to_pylist():
                item = items.setdefault((number, row["item"]), len(items))
                key = (number, row["text"])
                if key not in texts:
                    texts[key] = len(texts)
                    first.append(item)
                    fields.append(row["field"])
                    sizes.append((row["words"], row["word_bytes"]))
                pairs.add((texts[key], item))
        names, every = [name for name, _ in sets], [*items]
        ids = [f"{names[every[item][0]]}:{every[item][1]}" for item in first]
        text_of, item_of = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        return cls(
            names, pa.table([pa.array(ids, pa.string()), pa.array([text for _, text in texts], pa.large_string())],
                            names=["id", "text"]),
            *(np.array(column, np.int64) for column in ([number for number, _ in texts], first)), fields,
            *np.array(sizes, np.int64).T, text_of, item_of, [name for _, name in every],
            np.array([number for number, _ in every], np.int64))

    def long_enough(self, parameters: Decontamination) -> np.ndarray:
        """bool: which texts people do not write anyway."""
        return (self.words >= parameters.least_words) & (self.word_bytes >= parameters.least_bytes)

    def items_of(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(place in `texts`, item) of all items that have these texts."""
        begins, ends = (np.searchsorted(self.text_of, texts, side=side) for side in ("left", "right"))
        counts = ends - begins
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(np.arange(len(texts)), counts), self.item_of[np.repeat(begins, counts) + within]


@dataclass(frozen=True)
class Wanted:
    """References that are looked for by n-grams of one size: `texts`, places in `Texts`, of each of `index`.

    `sizes`: of each the n-grams that count, 0 for none, when it is not looked for; `runs`: those that have to stand in
    a row, 0 where a share of them may stand anywhere.
    """

    index: Index
    texts: np.ndarray
    sizes: np.ndarray
    runs: np.ndarray


def look_for(texts: Texts, parameters: Decontamination) -> dict[int, Wanted]:
    """All texts that have words enough and are no template of their set, by the words of an n-gram.

    A text with signs within words is a reference twice: documents may have `dont` or `don t` for its `don't`.
    """
    items = np.bincount(texts.item_sets, minlength=len(texts.names))
    having = np.bincount(texts.text_of, minlength=len(texts.words))
    own = having <= np.maximum(parameters.common_items, SHARE_OF_ITEMS * items)[texts.sets]
    chosen = np.flatnonzero(own & texts.long_enough(parameters))
    written = texts.table["text"].take(pa.array(chosen)).to_pylist()
    joined = [text.translate(_WITHOUT_SIGNS) for text in written]
    twice = [at for at, text in enumerate(joined) if text.split() != written[at].translate(_BLANKS_FOR_SIGNS).split()]
    of = np.concatenate([chosen, chosen[twice]])
    references = pa.array([*written, *(joined[at] for at in twice)], pa.large_string())
    words, _ = sizes_of(words_of(references, signs=False))
    is_long = words >= parameters.ngram_words
    found = {}
    for size, its in ((parameters.ngram_words, is_long), (parameters.least_words, ~is_long)):
        its &= words >= parameters.least_words
        if its.any():
            found[size] = _wanted(texts, of[its], references.filter(pa.array(its)), words[its], size, parameters, items)
    return found


def _wanted(
    texts: Texts, of: np.ndarray, references: pa.Array, words: np.ndarray, ngram_words: int,
    parameters: Decontamination, items: np.ndarray,
) -> Wanted:
    """`of`: the text that each reference is of; `items`: how many each set has."""
    order = np.argsort(texts.sets[of], kind="stable")
    of, references, words = of[order], references.take(pa.array(order)), words[order]
    ids = texts.table["id"].take(pa.array(of))
    index = make_index([(0, pa.table({"id": ids, "text": references}))], ngram_words, signs=False)
    its = words_of(references, signs=False)
    hashes, _, starts = ngram_hashes(its, ngram_words)
    counts = np.zeros(index.size, np.bool_)
    counts[index.numbers_of(hashes)[with_letters(its, starts, ngram_words)]] = True
    # N-grams of a set's own template: in how many of its items each is.
    limit = np.minimum(parameters.common_items, np.maximum(2, items // 2))
    pairs = np.unique(index.pair_numbers * len(texts.item_names) + texts.first[of][index.pair_documents])
    number, item = np.divmod(pairs, len(texts.item_names))
    in_sets, item_count = np.unique(number * len(items) + texts.item_sets[item], return_counts=True)
    counts[in_sets[item_count > limit[in_sets % len(items)]] // len(items)] = False
    sizes = np.bincount(index.pair_documents[counts[index.pair_numbers]], minlength=len(of))
    in_a_row = words < parameters.ngram_words
    asked = counts.copy()  # of what has to stand as a whole all n-grams, unless none of them counts
    asked[index.pair_numbers[(in_a_row & (sizes > 0))[index.pair_documents]]] = True
    index.numbers[(index.numbers >= 0) & ~asked[index.numbers]] = -1
    return Wanted(index, of, sizes, np.where(in_a_row, words - ngram_words + 1, 0))
