"""Every rule by which a step drops documents: what it compares, with which parameter, and where it was published.

Light to import: who explains, counts or tries rules reads this; the steps themselves decide by it
(curation/rules/thresholds.py). A step tests in the order given; the first rule that holds is the one in the ledger.
"""

import dataclasses
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from maslin.manifests.steps.steps import STEPS, resolved

COMPARE = {"<": operator.lt, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Rule:
    """Drops a document where `value op threshold`, or where `words` say.

    `threshold` names the step's parameter, or is the number itself. `signal`: the name of the value among the step's
    signals; None where it is not stored, or no number: then `of` says what is compared. A stored null passes, as there
    was nothing to measure.
    `at_least`: counting stopped where the rule was satisfied, so that a value that passes is a lower bound, and null
    says that another rule of the step came first. `only`: a parameter, and its values under which the rule is tested.
    """

    name: str
    op: str | None = None
    threshold: str | float | None = None
    signal: str | None = None
    at_least: bool = False
    of: str | None = None
    words: str | None = None
    only: tuple[str, tuple[str, ...]] | None = None

    def applies(self, parameters: Any) -> bool:
        """Whether the step tests it under these parameters."""
        return self.only is None or getattr(parameters, self.only[0]) in self.only[1]

    def limit(self, parameters: Any) -> float | None:
        """The number a value is held against under a step's parameters; None where it is none."""
        value = getattr(resolved(parameters), self.threshold) if isinstance(self.threshold, str) else self.threshold
        return float(value) if isinstance(value, int | float) else None

    def fails(self, value: Any, limit: float) -> Any:
        """Whether documents with this value (a number, or an array of them) are dropped; NaN passes."""
        return COMPARE[self.op](value, limit)

    def condition(self, parameters: Any) -> str:
        """What drops a document: `< 3` (of the signal), `language not in en, de`, `a line has {`."""
        if self.words is not None:
            return self.words
        value = getattr(resolved(parameters), self.threshold) if isinstance(self.threshold, str) else self.threshold
        if isinstance(value, tuple):
            value = ", ".join(map(str, value))
        shown = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else value
        return " ".join(filter(None, (self.of, self.op, shown)))

    @property
    def formula(self) -> str:
        """The condition with the parameter's name: `sentences < min_sentences`."""
        if self.words is not None:
            return self.words
        limit = self.threshold if isinstance(self.threshold, str) else f"{self.threshold:g}"
        return " ".join(filter(None, (self.signal or self.of, self.op, limit)))


@dataclass(frozen=True)
class Published:
    """The rules of a step, in the order it tests, and the paper or code they are of.

    `variants`: the code that the step's `variant` follows.
    """

    source: str
    rules: tuple[Rule, ...]
    variants: dict[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> str:
        """All of them, in words."""
        return "; ".join([*self.variants.values(), self.source])

    def source_of(self, parameters: Any) -> str:
        """What the step follows with these parameters."""
        variant = self.variants.get(getattr(parameters, "variant", ""))
        return f"{variant}; {self.source}" if variant else self.source


_RAFFEL = "Raffel et al., JMLR 21(140), 2020"
_GOPHER = {
    "dclm": "DCLM content_filters.py", "redpajama": "RedPajama-V2 quality_signals", "dolma": "Dolma taggers/gopher.py",
}

RULES: dict[str, Published] = {
    "language": Published("fastText lid.176, Joulin et al. 2016; langdetect as TFDS 4.9.10 c4_utils.is_language", (
        Rule("language", "not in", "keep", of="language"),
        Rule("language_score", "<", "min_score", "score"),
    )),
    "c4": Published(_RAFFEL, (
        Rule("squigglybracket", "contains", words="a line has {", only=("code", ("drop",))),
        Rule("loremipsum", "contains", words="a line has lorem ipsum"),
        Rule("too_few_sentences", "<", "min_sentences", "sentences", at_least=True),
    ), {"tfds": "TFDS 4.9.10 c4_utils.clean_page", "datatrove": "datatrove 0.10.1 C4QualityFilter"}),
    "c4_length": Published("TFDS 4.9.10 c4_utils.is_valid_length", (
        Rule("c4_length", ">", "max_characters", "characters"),
    )),
    "mc4_paragraphs": Published("TFDS 4.9.10 c4_utils.paragraph_filter", (
        Rule("mc4_paragraphs", "<", "min_paragraphs", "paragraphs"),
    )),
    "offensive": Published("TFDS 4.9.10 c4_utils.get_badwords_filter_fn; the LDNOOBW word lists", (
        Rule("offensive", "contains", words="has an entry of the list of its language"),
    )),
    "licence": Published("SPDX licence list", (
        Rule("unknown_licence", "is null", words="no licence is known"),
        Rule("licence", "not in", "keep", of="licence"),
    )),
    "gopher_quality": Published("Rae et al. 2021, A.1.1", (
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
    ), {"datatrove": "datatrove 0.10.1 gopher_quality_filter.py", **_GOPHER}),
    "gopher_repetition": Published("Rae et al. 2021, table A1", (
        Rule("empty", "<", 1.0, words="has no text"),
        *(Rule(f"dup_para_{what}", ">", f"max_dup_para_{what}", f"dup_para_{what}",
               only=("variant", ("datatrove", "dclm"))) for what in ("frac", "char_frac")),
        *(Rule(f"dup_line_{what}", ">", f"max_dup_line_{what}", f"dup_line_{what}",
               only=("variant", ("datatrove", "dclm", "dolma"))) for what in ("frac", "char_frac")),
        *(Rule(f"top_{n}_gram", ">", f"max_top_{n}_gram", f"top_{n}_gram") for n in (2, 3, 4)),
        *(Rule(f"duplicated_{n}_n_grams", ">", f"max_dup_{n}_gram", f"dup_{n}_gram") for n in range(5, 11)),
    ), {"datatrove": "datatrove 0.10.1 gopher_repetition_filter.py", **_GOPHER}),
    "fineweb": Published("datatrove 0.10.1 fineweb_quality_filter.py; Penedo et al. 2024", (
        Rule("empty", "<", 1.0, words="has no line that is not blank"),
        Rule("line_punct_ratio", "<", "min_line_punct_ratio", "line_punct_ratio"),
        Rule("short_line_ratio", ">", "max_short_line_ratio", "short_line_ratio"),
        Rule("char_dup_ratio", ">", "max_char_dup_ratio", "char_dup_ratio"),
        Rule("list_ratio", ">", "max_list_ratio", "list_ratio"),
    )),
    "newline_removal": Published("DCLM modifiers.py newline_removal_modifier, Li et al. 2024", ()),
    "refinedweb": Published("DCLM dclm_baseline_refinedweb.yaml, Li et al. 2024; Penedo et al. 2023", (
        Rule("empty", words="had no words, or no line is left"),
        Rule("removed_words_ratio", ">", "max_removed_words_ratio", "removed_words_ratio"),
    )),
    "exact_dedup": Published("equal text, by xxh3-128", (
        Rule("exact_dedup", ">=", 1.0, words="has the text of one that stays"),
    )),
    "near_dedup": Published("Broder 1997 (MinHash), datasketch's LSH; each pair verified by its Jaccard similarity", (
        Rule("near_dedup", ">=", "threshold", of="similarity"),
    )),
    "c4_url_dedup": Published("TFDS 4.9.10 c4.py, newest page of a URL", (
        Rule("c4_url_dedup", words="has the URL of a newer page"),
    )),
    "c4_line_dedup": Published(f"TFDS 4.9.10 c4_utils.remove_duplicate_text; {_RAFFEL}", (
        Rule("empty", words="no line is left"),
        Rule("too_few_sentences", "<", "min_sentences", of="sentences"),
    )),
}

# What a corpus itself drops after its steps (curation/corpora/corpus.py), by the name of the step in the ledger.
CORPUS_RULES: dict[str, Published] = {
    "held_out": Published("held-out documents: a hash of the seed and the duplicate group", (
        Rule("held_out", words="is held out to score runs on"),
        Rule("held_out_overlap", ">=", words="is near a held-out document"),
    )),
    "dedup_across": Published("duplicates across corpora, as near_dedup", (
        Rule("dedup_across", ">=", words="is near a document of an earlier corpus"),
    )),
}


def parameters_of(entry: dict[str, Any]) -> Any:
    """The typed parameters of a step as it stands in a manifest: {"step": name, "parameters": {…}}."""
    kind = STEPS[entry["step"]].parameters
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{
        name: tuple(value) if isinstance(value, list) else value
        for name, value in entry["parameters"].items() if name in known
    })


def signal_column(steps: Sequence[dict[str, Any]], index: int, signal: str) -> str:
    """The column `<step>.<signal>` of the table of signals, for the step at `index` of a corpus's steps.

    A step that comes again gets its number: `c4_2.sentences`.
    """
    name = steps[index]["step"]
    occurrence = 1 + sum(step["step"] == name for step in steps[:index])
    return f"{name}.{signal}" if occurrence == 1 else f"{name}_{occurrence}.{signal}"


def thresholds(step: str) -> frozenset[str]:
    """Parameters that stored signals can answer for: each is compared with signals and nothing else depends on it."""
    rules = RULES[step].rules
    return frozenset(
        rule.threshold for rule in rules
        if isinstance(rule.threshold, str) and rule.signal is not None)
