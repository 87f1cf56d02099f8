"""Duplicates within a corpus: equal texts, near ones, and passages that several have."""

from dataclasses import dataclass, field, fields
from typing import Literal

from maslin.manifests.recipe.earlier import Against
from maslin.manifests.steps.spec import LATER, Need, Rule, StepSpec, between


@dataclass(frozen=True)
class ExactDedup:
    """Keep one of the documents that are equal: the one with the smallest id.

    `by`: equal `text`; equal `normalised_text`, in which letters are small ones without accents, and punctuation and
    white space are one space (`numbers: alike`: and every number is 0, as FineWeb has it); or the same `url` as C4
    normalises it (`c4_url_dedup` keeps the newest instead). Documents without a URL all stay.
    `against`: finished corpora (or `documents`) of earlier runs, by their directories or patterns, of this workspace or
    others: a document leaves if one there is equal, and all those there stay. Their content decides, not where they
    lie.
    """

    by: Literal["text", "normalised_text", "url"] = field(default="text", metadata=LATER)
    numbers: Literal["differ", "alike"] = field(default="differ", metadata=LATER)
    against: Against = field(default=Against(), metadata=LATER)

    def wrong(self) -> tuple[str, str] | None:
        """Numbers are alike in normalised texts alone."""
        if self.numbers != "differ" and self.by != "normalised_text":
            return "numbers", f"`by: {self.by}` compares them as they stand: they are alike in `normalised_text` only"
        return None


EXACT_DEDUP = StepSpec(
    "exact_dedup", ExactDedup, "maslin.curation.dedup.equal.exact:find_equal",
    "equal text, by xxh3-128; `normalised_text` by datatrove's `simplify_text`, FineWeb's before MinHash; `url` by "
    "TFDS 4.9.10 `normalize_url`", role="barrier",
    rules=(
        Rule("exact_dedup", ">=", 1.0, words="has the text of one that stays", only=("by", ("text",))),
        Rule("equal_normalised_text", words="has the normalised text of one that stays",
             only=("by", ("normalised_text",))),
        Rule("equal_url", words="has the URL of one that stays", only=("by", ("url",))),
    ),
)


@dataclass(frozen=True)
class OneExtractor:
    """Keep of a page's texts by several extractors the first that is still there: see a source's `extractors`."""


ONE_EXTRACTOR = StepSpec(
    "one_extractor", OneExtractor, "maslin.curation.dedup.extractors:find_others",
    "a union of extractors: a page is kept if any one's text passes the filters", role="barrier",
    rules=(Rule("other_extractor", words="is the text of a page that an extractor named before it has, too"),),
)


@dataclass(frozen=True)
class NearDedup:
    """Drop a document whose set of word shingles has at least this Jaccard similarity with one that stays.

    `words`: lower-cased, at white space, and by `scripts` a character is a word in Chinese, Japanese, Thai, Lao, Khmer,
    Burmese and other scripts without spaces; what is of none of them has the words of `blanks`, which is white space
    alone, as datasketch's users split texts.

    Candidates come from MinHash LSH with datasketch's parameters; each is verified by the true Jaccard similarity.
    `false_negative_weight` is what datasketch's choice of bands gives a missed pair, the rest goes to false candidates.
    Its own 0.5 finds 40 % of the pairs at similarity 0.8 and 93 % of those at 0.9 (threshold 0.8); as candidates are
    verified, a false one costs a little time only, so 0.9: 87 % and 99.9 %.

    `verify`: by `containment` a candidate leaves only for one that is no shorter and has this share (`contained`) of
    its shingles, so that what leaves stands elsewhere; the longest documents are taken first. Shingles that
    `template_documents` of those connected by candidates share are then a template's, and passages of others must be
    contained by themselves: pages of a template differ by a passage, copies by words here and there.
    """

    threshold: float = field(default=0.8, metadata=between(0.1, 1))
    permutations: int = field(default=128, metadata=between(16, 1024))
    shingle_words: int = field(default=5, metadata=between(1, 50))
    seed: int = field(default=1, metadata=between(0, 2**32 - 1))
    false_negative_weight: float = field(default=0.9, metadata=between(0, 0.99))
    words: Literal["scripts", "blanks"] = "scripts"
    verify: Literal["jaccard", "containment"] = field(default="jaccard", metadata=LATER)
    contained: float = field(default=0.9, metadata=between(0.1, 1) | LATER)
    template_documents: int = field(default=20, metadata=between(2, 10**9) | LATER)

    @property
    def limit(self) -> tuple[str, float]:
        """What is measured of a candidate, in a word, and from which value on it leaves."""
        return ("containment", self.contained) if self.verify == "containment" else ("similarity", self.threshold)


@dataclass(frozen=True)
class NearDedupStep(NearDedup):
    """`against`: finished corpora (or `documents`) of earlier runs, by their directories or patterns.

    They are of this workspace or others. A document leaves if one there is its duplicate, and all those there stay;
    those left are compared with one another. Their content decides, not where they lie.
    """

    against: Against = field(default=Against(), metadata=LATER)

    @property
    def near(self) -> NearDedup:
        """What is alike, whatever it is compared with."""
        return NearDedup(**{each.name: getattr(self, each.name) for each in fields(NearDedup)})

def candidate_probability(similarity: float, bands: int, rows: int) -> float:
    """How likely two documents of this Jaccard similarity are candidates: they share all rows of one band, or more."""
    return 1 - (1 - similarity ** rows) ** bands


def similarity_at(probability: float, bands: int, rows: int) -> float:
    """The Jaccard similarity at which two documents are candidates with this probability."""
    return (1 - (1 - probability) ** (1 / bands)) ** (1 / rows)


@dataclass(frozen=True)
class HeldOutOverlap:
    """Training documents that hold more than this share of a held-out document's word n-grams, or a run of its words.

    N-grams in more than `common_documents` documents (licence heads, menus) do not count. Small parts in many documents
    add up: while more than `left_share` of a domain's n-grams stand in a corpus, documents leave that hold most of them
    for their length, but no more than `most_removed` of the corpus's n-grams. `left_share` is a fifth less than the 1 %
    that a report calls well, for what the other corpora of an arm hold.
    """

    share: float = field(default=0.2, metadata=between(0.01, 1))
    run_words: int = field(default=50, metadata=between(2, 100_000))
    ngram_words: int = field(default=13, metadata=between(2, 100))
    common_documents: int = field(default=20, metadata=between(1, 10**9))
    left_share: float = field(default=0.008, metadata=between(0, 1))
    most_removed: float = field(default=0.05, metadata=between(0, 1))

    def wrong(self) -> tuple[str, str] | None:
        """A run shorter than an n-gram is never seen."""
        if self.run_words < self.ngram_words:
            return "run_words", f"{self.run_words:,} words are fewer than an n-gram's, {self.ngram_words:,}"
        return None


NEAR_DEDUP = StepSpec(
    "near_dedup", NearDedupStep, "maslin.curation.dedup.equal.against:find_near",
    "Broder 1997 (MinHash), datasketch's LSH; each pair verified by its Jaccard similarity", version=2, role="barrier",
    rules=(
        Rule("near_dedup", ">=", "threshold", of="similarity", only=("verify", ("jaccard",))),
        Rule("near_dedup_contained", ">=", "contained", of="containment", only=("verify", ("containment",))),
    ), needs=(Need("package", "datasketch"),),
)


@dataclass(frozen=True)
class PassageDedup:
    """Keep each passage of at least `min_words` words where it stands first, in the document with the smallest id.

    `action: mark` changes no text and measures the same. `min_left_characters`: of a document that lost lines.
    `max_earlier_words_ratio`: documents of which a larger share stands earlier leave as a whole; at 1 none does.
    """

    min_words: int = field(default=50, metadata=between(10, 1000))
    action: Literal["remove", "mark"] = "remove"
    max_earlier_words_ratio: float = field(default=1.0, metadata=between(0, 1))
    min_left_characters: int = field(default=20, metadata=between(0, 10**9))


PASSAGE_DEDUP = StepSpec(
    "passage_dedup", PassageDedup, "maslin.curation.dedup.repeats.passage_dedup:judge",
    "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better (ExactSubstr); Penedo et al. 2023, "
    "RefinedWeb (20 characters left, or documents as a whole)", role="editing_barrier",
    search="maslin.curation.dedup.repeats.passages:find",
    rules=(
        Rule("earlier_words_ratio", ">", "max_earlier_words_ratio", "earlier_words_ratio"),
        Rule("empty", words="no line is left", only=("action", ("remove",))),
        Rule("too_few_characters", "<", "min_left_characters", of="characters left", only=("action", ("remove",))),
    ),
    signals=("repeated_words_ratio", "earlier_words_ratio"),
)

# The steps whose documents count as duplicates of the ones they leave for: not other texts of one page.
COUNTED = ("exact_dedup", "near_dedup", "c4_url_dedup")
