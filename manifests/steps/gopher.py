"""Gopher's rules for quality and repetition, as four projects have them."""

from dataclasses import dataclass, field
from typing import Literal

from maslin.manifests.steps.spec import Need, Rule, StepSpec, between

_VARIANTS = {
    "dclm": "DCLM content_filters.py", "redpajama": "RedPajama-V2 quality_signals", "dolma": "Dolma taggers/gopher.py",
}
_SPACY = Need("package", "spacy", ("words", ("spacy",)))


@dataclass(frozen=True)
class GopherQuality:
    """Gopher's quality rules (Rae et al. 2021, A.1.1) as datatrove, DCLM, RedPajama-V2 or Dolma has them.

    `words`: datatrove's words, which are spaCy's English ones, by our kernel or by the package itself: slow, the same,
    needs `pip install 'maslin[spacy]'`. `max_hash_ratio` and `max_ellipsis_ratio` are for it alone, `max_symbol_ratio`
    is for the others, which count both together.
    """

    variant: Literal["datatrove", "dclm", "redpajama", "dolma"] = "datatrove"
    words: Literal["kernel", "spacy"] = "kernel"
    min_words: int = field(default=50, metadata=between(0, 10**9))
    max_words: int = field(default=100_000, metadata=between(0, 10**12))
    min_mean_word_length: float = field(default=3.0, metadata=between(0, 10**6))
    max_mean_word_length: float = field(default=10.0, metadata=between(0, 10**9))
    max_hash_ratio: float = field(default=0.1, metadata=between(0, 10**6))
    max_ellipsis_ratio: float = field(default=0.1, metadata=between(0, 10**6))
    max_symbol_ratio: float = field(default=0.1, metadata=between(0, 10**6))
    max_bullet_lines_ratio: float = field(default=0.9, metadata=between(0, 1))
    max_ellipsis_lines_ratio: float = field(default=0.3, metadata=between(0, 1))
    min_alpha_ratio: float = field(default=0.8, metadata=between(0, 1))
    min_stop_words: int = field(default=2, metadata=between(0, 10**6))
    stop_words: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")


GOPHER_QUALITY = StepSpec(
    "gopher_quality", GopherQuality, "maslin.curation.rules.gopher_quality:judge", "Rae et al. 2021, A.1.1", version=2,
    rules=(
        Rule("gopher_short_doc", "<", "min_words", "n_non_symbol_words"),
        Rule("gopher_long_doc", ">", "max_words", "n_non_symbol_words"),
        Rule("gopher_below_avg_threshold", "<", "min_mean_word_length", "avg_word_len"),
        Rule("gopher_above_avg_threshold", ">", "max_mean_word_length", "avg_word_len"),
        Rule("gopher_too_many_hashes", ">", "max_hash_ratio", "hash_ratio", only=("variant", ("datatrove",))),
        Rule("gopher_too_many_ellipsis", ">", "max_ellipsis_ratio", "ellipsis_ratio", only=("variant", ("datatrove",))),
        Rule("gopher_too_many_symbols", ">", "max_symbol_ratio", "symbol_ratio",
             only=("variant", ("dclm", "redpajama", "dolma"))),
        Rule("gopher_too_many_bullets", ">", "max_bullet_lines_ratio", "bullet_lines_ratio"),
        Rule("gopher_too_many_end_ellipsis", ">", "max_ellipsis_lines_ratio", "ellipsis_lines_ratio"),
        Rule("gopher_below_alpha_threshold", "<", "min_alpha_ratio", "alpha_ratio"),
        Rule("gopher_enough_stop_words", "<", "min_stop_words", "stop_words",
             only=("variant", ("datatrove", "dclm", "dolma"))),
    ),
    signals=(
        "n_words", "n_non_symbol_words", "avg_word_len", "hash_ratio", "ellipsis_ratio", "symbol_ratio",
        "bullet_lines_ratio", "ellipsis_lines_ratio", "alpha_ratio", "stop_words",
    ),
    variants={"datatrove": "datatrove 0.10.1 gopher_quality_filter.py", **_VARIANTS}, needs=(_SPACY,),
)


@dataclass(frozen=True)
class GopherRepetition:
    """Gopher's repetition rules (Rae et al. 2021, table A1) as datatrove, DCLM, RedPajama-V2 or Dolma has them.

    `words`: datatrove's words, which are spaCy's English ones, by our kernel or by the package itself: slow, the same,
    needs `pip install 'maslin[spacy]'`.
    """

    variant: Literal["datatrove", "dclm", "redpajama", "dolma"] = "datatrove"
    words: Literal["kernel", "spacy"] = "kernel"
    max_dup_para_frac: float = field(default=0.3, metadata=between(0, 1))
    max_dup_para_char_frac: float = field(default=0.2, metadata=between(0, 1))
    max_dup_line_frac: float = field(default=0.3, metadata=between(0, 1))
    max_dup_line_char_frac: float = field(default=0.2, metadata=between(0, 1))
    max_top_2_gram: float = field(default=0.2, metadata=between(0, 10))
    max_top_3_gram: float = field(default=0.18, metadata=between(0, 10))
    max_top_4_gram: float = field(default=0.16, metadata=between(0, 10))
    max_dup_5_gram: float = field(default=0.15, metadata=between(0, 1))
    max_dup_6_gram: float = field(default=0.14, metadata=between(0, 1))
    max_dup_7_gram: float = field(default=0.13, metadata=between(0, 1))
    max_dup_8_gram: float = field(default=0.12, metadata=between(0, 1))
    max_dup_9_gram: float = field(default=0.11, metadata=between(0, 1))
    max_dup_10_gram: float = field(default=0.1, metadata=between(0, 1))


GOPHER_REPETITION = StepSpec(
    "gopher_repetition", GopherRepetition, "maslin.curation.rules.gopher_repetition:judge",
    "Rae et al. 2021, table A1",
    rules=(
        Rule("empty", "<", 1.0, words="has no text"),
        *(Rule(f"dup_para_{what}", ">", f"max_dup_para_{what}", f"dup_para_{what}",
               only=("variant", ("datatrove", "dclm"))) for what in ("frac", "char_frac")),
        *(Rule(f"dup_line_{what}", ">", f"max_dup_line_{what}", f"dup_line_{what}",
               only=("variant", ("datatrove", "dclm", "dolma"))) for what in ("frac", "char_frac")),
        *(Rule(f"top_{n}_gram", ">", f"max_top_{n}_gram", f"top_{n}_gram") for n in (2, 3, 4)),
        *(Rule(f"duplicated_{n}_n_grams", ">", f"max_dup_{n}_gram", f"dup_{n}_gram") for n in range(5, 11)),
    ),
    signals=(
        "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac", "top_2_gram", "top_3_gram",
        "top_4_gram", "dup_5_gram", "dup_6_gram", "dup_7_gram", "dup_8_gram", "dup_9_gram", "dup_10_gram",
    ),
    variants={"datatrove": "datatrove 0.10.1 gopher_repetition_filter.py", **_VARIANTS}, needs=(_SPACY,),
)
