"""The steps that C4 and mC4 were made with: clean_page, length, paragraphs, URL and line deduplication, bad words."""

from dataclasses import dataclass, field
from typing import Literal

from maslin.manifests.steps.spec import Need, Rule, StepSpec, between

_RAFFEL = "Raffel et al., JMLR 21(140), 2020"
_NO_LIMIT = 1 << 62


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
    min_words_per_line: int | None = field(default=None, metadata=between(0, 1000))
    min_sentences: int | None = field(default=None, metadata=between(0, 10**6))
    max_word_characters: int | None = field(default=None, metadata=between(1, 10**9))
    citations: Literal["remove", "keep"] = "remove"
    end_marks: Literal["required", "optional"] = "required"
    split: Literal["line", "sentence"] = "line"


C4_STEP = StepSpec(
    "c4", C4, "maslin.curation.rules.c4:judge", _RAFFEL, version=2,
    rules=(
        Rule("squigglybracket", "contains", words="a line has {", only=("code", ("drop",))),
        Rule("loremipsum", "contains", words="a line has lorem ipsum"),
        Rule("too_few_sentences", "<", "min_sentences", "sentences", at_least=True),
    ),
    signals=("sentences",),
    variants={"tfds": "TFDS 4.9.10 c4_utils.clean_page", "datatrove": "datatrove 0.10.1 C4QualityFilter"},
    variant_numbers={
        "tfds": {"min_words_per_line": 5, "min_sentences": 3, "max_word_characters": 1000},
        "datatrove": {"min_words_per_line": 3, "min_sentences": 5, "max_word_characters": 1000},
        "paper": {"min_words_per_line": 5, "min_sentences": 3, "max_word_characters": _NO_LIMIT},
    },
    needs=(Need("model", "punkt_english", ("variant", ("tfds", "paper"))),),
)


@dataclass(frozen=True)
class C4Length:
    """Drop documents of more characters than C4 takes."""

    max_characters: int = field(default=190_000, metadata=between(1, 10**12))


C4_LENGTH = StepSpec(
    "c4_length", C4Length, "maslin.curation.rules.c4_length:judge", "TFDS 4.9.10 c4_utils.is_valid_length",
    rules=(Rule("c4_length", ">", "max_characters", "characters"),), signals=("characters",),
)


@dataclass(frozen=True)
class Mc4Paragraphs:
    """mC4's paragraph filter: keep documents with enough lines of enough characters."""

    min_paragraphs: int = field(default=3, metadata=between(1, 10**6))
    min_characters: int = field(default=200, metadata=between(0, 10**9))


MC4_PARAGRAPHS = StepSpec(
    "mc4_paragraphs", Mc4Paragraphs, "maslin.curation.rules.mc4_paragraphs:judge",
    "TFDS 4.9.10 c4_utils.paragraph_filter",
    rules=(Rule("mc4_paragraphs", "<", "min_paragraphs", "paragraphs"),), signals=("paragraphs",),
)


@dataclass(frozen=True)
class C4UrlDedup:
    """Of documents with the same URL (normalised as C4 does) keep the newest; of equally new ones the first."""


C4_URL_DEDUP = StepSpec(
    "c4_url_dedup", C4UrlDedup, "maslin.curation.dedup.equal.urls:find_older",
    "TFDS 4.9.10 c4.py, newest page of a URL", role="barrier",
    rules=(Rule("c4_url_dedup", words="has the URL of a newer page"),),
)


@dataclass(frozen=True)
class C4LineDedup:
    """Keep each distinct line only on the page whose URL has the smallest MD5; drop pages that this leaves too short.

    `unit: line` is what C4's code does; `span`: repeated spans of three sentences, as the paper says. `url`: whether
    the MD5 is of the URL as C4 normalises it (in C4 the pages have these by then) or as it is.
    """

    unit: Literal["line", "span"] = "line"
    min_sentences: int = field(default=3, metadata=between(0, 10**6))
    url: Literal["normalised", "as_is"] = "normalised"


C4_LINE_DEDUP = StepSpec(
    "c4_line_dedup", C4LineDedup, "maslin.curation.dedup.repeats.c4_line_dedup:judge",
    f"TFDS 4.9.10 c4_utils.remove_duplicate_text; {_RAFFEL}", role="editing_barrier",
    search="maslin.curation.dedup.repeats.lines:find",
    rules=(
        Rule("empty", words="no line is left"),
        Rule("too_few_sentences", "<", "min_sentences", of="sentences"),
    ),
    needs=(Need("model", "punkt_english"),),
)


@dataclass(frozen=True)
class Offensive:
    """Drop documents with a word of the LDNOOBW list of their language; `c4`: the state of the English list C4 used.

    `filter_fraction`: the share of these that goes, drawn by the MD5 of the document's URL as C4 normalises it.
    """

    list: Literal["c4", "latest"] = "c4"
    filter_fraction: float = field(default=1.0, metadata=between(0, 1))


OFFENSIVE = StepSpec(
    "offensive", Offensive, "maslin.curation.rules.offensive:judge",
    "TFDS 4.9.10 c4_utils.get_badwords_filter_fn; the LDNOOBW word lists", version=2,
    rules=(Rule("offensive", "contains", words="has an entry of the list of its language"),),
)
