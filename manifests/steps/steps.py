"""The curation steps a recipe may name: their parameters, defaults and bounds. Light to import: no kernels here."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal


def _between(low: float, high: float) -> dict[str, float]:
    """Bounds (inclusive) that the recipe reader checks."""
    return {"min": low, "max": high}


@dataclass(frozen=True)
class Language:
    """Keep documents of these languages (ISO 639 codes) with at least this score.

    `method`: `lid176` (fastText's model), or `langdetect` (the package of that name, C4's gate with `min_score: 0.99`).
    """

    keep: tuple[str, ...] = ("en",)
    method: Literal["lid176", "langdetect"] = "lid176"
    min_score: float = field(default=0.65, metadata=_between(0, 1))


@dataclass(frozen=True)
class C4:
    """C4's clean_page: line rules, citations, sentences, lorem ipsum, as one of its makers has it.

    `variant`: `tfds` (the code C4 was made with), `datatrove` (datatrove's C4QualityFilter) or `paper` (the JMLR text).
    `code: keep` switches off exactly its two code rules, the page rule for `{` and the line rule for `javascript`.
    Numbers left out are the variant's: at least 5 words a line, 3 sentences a page and at most 1,000 characters a word
    for `tfds`; 3, 5 and 1,000 for `datatrove`; 5, 3 and no limit for `paper`. `split: sentence` judges sentences in the
    place of lines (datatrove's `split_paragraph=False`).
    """

    variant: Literal["tfds", "datatrove", "paper"] = "tfds"
    code: Literal["drop", "keep"] = "drop"
    min_words_per_line: int | None = field(default=None, metadata=_between(0, 1000))
    min_sentences: int | None = field(default=None, metadata=_between(0, 10**6))
    max_word_characters: int | None = field(default=None, metadata=_between(1, 10**9))
    citations: Literal["remove", "keep"] = "remove"
    end_marks: Literal["required", "optional"] = "required"
    split: Literal["line", "sentence"] = "line"

    def resolved(self) -> "C4":
        """With the variant's numbers in the place of None."""
        numbers = C4_NUMBERS[self.variant]
        return replace(self, **{name: value for name, value in numbers.items() if getattr(self, name) is None})

    def released(self) -> "C4":
        """With None in the place of the variant's numbers: another variant then brings its own."""
        numbers = C4_NUMBERS[self.variant]
        return replace(self, **{name: None for name, value in numbers.items() if getattr(self, name) == value})


_NO_LIMIT = 1 << 62
C4_NUMBERS: dict[str, dict[str, int]] = {
    "tfds": {"min_words_per_line": 5, "min_sentences": 3, "max_word_characters": 1000},
    "datatrove": {"min_words_per_line": 3, "min_sentences": 5, "max_word_characters": 1000},
    "paper": {"min_words_per_line": 5, "min_sentences": 3, "max_word_characters": _NO_LIMIT},
}


@dataclass(frozen=True)
class C4Length:
    """Drop documents of more characters than C4 takes."""

    max_characters: int = field(default=190_000, metadata=_between(1, 10**12))


@dataclass(frozen=True)
class Mc4Paragraphs:
    """mC4's paragraph filter: keep documents with enough lines of enough characters."""

    min_paragraphs: int = field(default=3, metadata=_between(1, 10**6))
    min_characters: int = field(default=200, metadata=_between(0, 10**9))


@dataclass(frozen=True)
class C4UrlDedup:
    """Of documents with the same URL (normalised as C4 does) keep the newest; of equally new ones the first."""


@dataclass(frozen=True)
class C4LineDedup:
    """Keep each distinct line only on the page whose URL has the smallest MD5; drop pages that this leaves too short.

    `unit: line` is what C4's code does; `span`: repeated spans of three sentences, as the paper says. `url`: whether
    the MD5 is of the URL as C4 normalises it (in C4 the pages have these by then) or as it is.
    """

    unit: Literal["line", "span"] = "line"
    min_sentences: int = field(default=3, metadata=_between(0, 10**6))
    url: Literal["normalised", "as_is"] = "normalised"


@dataclass(frozen=True)
class Offensive:
    """Drop documents with a word of the LDNOOBW list of their language; `c4`: the state of the English list C4 used.

    `filter_fraction`: the share of these that goes, drawn by the MD5 of the document's URL as C4 normalises it.
    """

    list: Literal["c4", "latest"] = "c4"
    filter_fraction: float = field(default=1.0, metadata=_between(0, 1))


@dataclass(frozen=True)
class Licence:
    """Keep documents whose licence (SPDX) is in the named set, or in the list given."""

    keep: tuple[str, ...] = ("permissive",)


@dataclass(frozen=True)
class GopherQuality:
    """Gopher's quality rules (Rae et al. 2021, A.1.1) as datatrove, DCLM, RedPajama-V2 or Dolma has them.

    `words`: datatrove's words, which are spaCy's English ones, by our kernel or by the package itself: slow, the same,
    needs `pip install 'maslin[spacy]'`. `max_hash_ratio` and `max_ellipsis_ratio` are for it alone, `max_symbol_ratio`
    is for the others, which count both together.
    """

    variant: Literal["datatrove", "dclm", "redpajama", "dolma"] = "datatrove"
    words: Literal["kernel", "spacy"] = "kernel"
    min_words: int = field(default=50, metadata=_between(0, 10**9))
    max_words: int = field(default=100_000, metadata=_between(0, 10**12))
    min_mean_word_length: float = field(default=3.0, metadata=_between(0, 10**6))
    max_mean_word_length: float = field(default=10.0, metadata=_between(0, 10**9))
    max_hash_ratio: float = field(default=0.1, metadata=_between(0, 10**6))
    max_ellipsis_ratio: float = field(default=0.1, metadata=_between(0, 10**6))
    max_symbol_ratio: float = field(default=0.1, metadata=_between(0, 10**6))
    max_bullet_lines_ratio: float = field(default=0.9, metadata=_between(0, 1))
    max_ellipsis_lines_ratio: float = field(default=0.3, metadata=_between(0, 1))
    min_alpha_ratio: float = field(default=0.8, metadata=_between(0, 1))
    min_stop_words: int = field(default=2, metadata=_between(0, 10**6))
    stop_words: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")


@dataclass(frozen=True)
class GopherRepetition:
    """Gopher's repetition rules (Rae et al. 2021, table A1) as datatrove, DCLM, RedPajama-V2 or Dolma has them.

    `words`: datatrove's words, which are spaCy's English ones, by our kernel or by the package itself: slow, the same,
    needs `pip install 'maslin[spacy]'`.
    """

    variant: Literal["datatrove", "dclm", "redpajama", "dolma"] = "datatrove"
    words: Literal["kernel", "spacy"] = "kernel"
    max_dup_para_frac: float = field(default=0.3, metadata=_between(0, 1))
    max_dup_para_char_frac: float = field(default=0.2, metadata=_between(0, 1))
    max_dup_line_frac: float = field(default=0.3, metadata=_between(0, 1))
    max_dup_line_char_frac: float = field(default=0.2, metadata=_between(0, 1))
    max_top_2_gram: float = field(default=0.2, metadata=_between(0, 10))
    max_top_3_gram: float = field(default=0.18, metadata=_between(0, 10))
    max_top_4_gram: float = field(default=0.16, metadata=_between(0, 10))
    max_dup_5_gram: float = field(default=0.15, metadata=_between(0, 1))
    max_dup_6_gram: float = field(default=0.14, metadata=_between(0, 1))
    max_dup_7_gram: float = field(default=0.13, metadata=_between(0, 1))
    max_dup_8_gram: float = field(default=0.12, metadata=_between(0, 1))
    max_dup_9_gram: float = field(default=0.11, metadata=_between(0, 1))
    max_dup_10_gram: float = field(default=0.1, metadata=_between(0, 1))


@dataclass(frozen=True)
class FineWeb:
    """FineWeb's own filters (Penedo et al. 2024) as datatrove has them: end marks, short and repeated lines, lists.

    `words`: spaCy's English ones, by our kernel or by the package itself: slow, the same, needs `pip install
    'maslin[spacy]'`.
    """

    words: Literal["kernel", "spacy"] = "kernel"
    min_line_punct_ratio: float = field(default=0.12, metadata=_between(0, 1))
    max_short_line_ratio: float = field(default=0.67, metadata=_between(0, 1))
    short_line_characters: int = field(default=30, metadata=_between(0, 10**9))
    max_char_dup_ratio: float = field(default=0.01, metadata=_between(0, 1))
    max_list_ratio: float = field(default=0.3, metadata=_between(0, 10**6))


@dataclass(frozen=True)
class NewlineRemoval:
    """Shorten longer rows of newlines to `max_consecutive`: one empty line between paragraphs, if it is 2."""

    max_consecutive: int = field(default=2, metadata=_between(1, 100))


@dataclass(frozen=True)
class RefinedWeb:
    """RefinedWeb's rules for lines (Penedo et al. 2023) as DCLM reproduces them; a page that loses too much goes."""

    max_uppercase_ratio: float = field(default=0.5, metadata=_between(0, 1))
    max_numeric_ratio: float = field(default=0.999999, metadata=_between(0, 1))
    min_words_per_line: int = field(default=2, metadata=_between(0, 1000))
    substring_line_words: int = field(default=10, metadata=_between(0, 10**6))
    max_removed_words_ratio: float = field(default=0.05, metadata=_between(0, 1))


@dataclass(frozen=True)
class ExactDedup:
    """Keep one of the documents with equal text: the one with the smallest id."""


@dataclass(frozen=True)
class NearDedup:
    """Drop a document whose set of word shingles has at least this Jaccard similarity with one that stays.

    Candidates come from MinHash LSH with datasketch's parameters; each is verified by the true Jaccard similarity.
    `false_negative_weight` is what datasketch's choice of bands gives a missed pair, the rest goes to false candidates.
    Its own 0.5 finds 40 % of the pairs at similarity 0.8 and 93 % of those at 0.9 (threshold 0.8); as candidates are
    verified, a false one costs a little time only, so 0.9: 87 % and 99.9 %.
    """

    threshold: float = field(default=0.8, metadata=_between(0.1, 1))
    permutations: int = field(default=128, metadata=_between(16, 1024))
    shingle_words: int = field(default=5, metadata=_between(1, 50))
    seed: int = field(default=1, metadata=_between(0, 2**32 - 1))
    false_negative_weight: float = field(default=0.9, metadata=_between(0, 0.99))


@dataclass(frozen=True)
class Need:
    """What a step reads besides documents: a `model` that set-up fetches, or a `package` whose version decides.

    `only`: a parameter, and its values under which it is read.
    """

    kind: Literal["model", "package"]
    name: str
    only: tuple[str, tuple[str, ...]] | None = None

    def applies(self, parameters: Any) -> bool:
        return self.only is None or getattr(parameters, self.only[0]) in self.only[1]


@dataclass(frozen=True)
class StepSpec:
    """A curation step: its parameters, and how it decides.

    Per document (`rule`); over all of them, who leaves (`barrier`); or over all of them, what of each stays, so that
    documents are written again (`editing_barrier`).
    """

    parameters: type
    role: Literal["rule", "barrier", "editing_barrier"]
    version: int
    needs: tuple[Need, ...] = ()

    def needed(self, parameters: Any) -> tuple[Need, ...]:
        """What it reads with these parameters."""
        return tuple(need for need in self.needs if need.applies(parameters))


_SPACY = Need("package", "spacy", ("words", ("spacy",)))

STEPS: dict[str, StepSpec] = {
    "language": StepSpec(Language, "rule", 2, (
        Need("model", "lid176", ("method", ("lid176",))), Need("package", "langdetect", ("method", ("langdetect",))))),
    "c4": StepSpec(C4, "rule", 2, (Need("model", "punkt_english", ("variant", ("tfds", "paper"))),)),
    "c4_length": StepSpec(C4Length, "rule", 1),
    "mc4_paragraphs": StepSpec(Mc4Paragraphs, "rule", 1),
    "offensive": StepSpec(Offensive, "rule", 2),
    "licence": StepSpec(Licence, "rule", 1),
    "gopher_quality": StepSpec(GopherQuality, "rule", 2, (_SPACY,)),
    "gopher_repetition": StepSpec(GopherRepetition, "rule", 1, (_SPACY,)),
    "fineweb": StepSpec(FineWeb, "rule", 1, (_SPACY,)),
    "newline_removal": StepSpec(NewlineRemoval, "rule", 1),
    "refinedweb": StepSpec(RefinedWeb, "rule", 1),
    "exact_dedup": StepSpec(ExactDedup, "barrier", 1),
    "near_dedup": StepSpec(NearDedup, "barrier", 1, (Need("package", "datasketch"),)),
    "c4_url_dedup": StepSpec(C4UrlDedup, "barrier", 1),
    "c4_line_dedup": StepSpec(C4LineDedup, "editing_barrier", 1, (Need("model", "punkt_english"),)),
}


def resolved(parameters: Any) -> Any:
    """A step's parameters with everything filled in that was left to a variant."""
    return parameters.resolved() if hasattr(parameters, "resolved") else parameters


def released(parameters: Any) -> Any:
    """The other way: with nothing filled in that the variant would."""
    return parameters.released() if hasattr(parameters, "released") else parameters


@dataclass(frozen=True)
class Preset:
    """Steps that one name stands for in a recipe, and whose order and settings they are."""

    source: str
    steps: tuple[tuple[str, Any], ...]


PRESETS: dict[str, Preset] = {
    "c4_full": Preset("TFDS 4.9.10 text/c4.py, English", (
        ("c4_length", C4Length()), ("c4_url_dedup", C4UrlDedup()), ("c4", C4()), ("c4_line_dedup", C4LineDedup()),
        ("language", Language(method="langdetect", min_score=0.99)), ("offensive", Offensive()),
    )),
    "gopher": Preset("Rae et al. 2021, A.1.1, by datatrove's definitions", (
        ("gopher_quality", GopherQuality()), ("gopher_repetition", GopherRepetition()),
    )),
    "fineweb_full": Preset("datatrove 0.10.1 examples/fineweb.py, without its URL filter, MinHash and PII formatting", (
        ("language", Language()), ("gopher_repetition", GopherRepetition()), ("gopher_quality", GopherQuality()),
        ("c4", C4(variant="datatrove", end_marks="optional")), ("fineweb", FineWeb()),
    )),
    "refinedweb_full": Preset("DCLM dclm_baseline_refinedweb.yaml, without its URL filters and URL removal", (
        ("newline_removal", NewlineRemoval()), ("language", Language()),
        ("gopher_quality", GopherQuality(variant="dclm")), ("gopher_repetition", GopherRepetition(variant="dclm")),
        ("refinedweb", RefinedWeb()),
    )),
}
