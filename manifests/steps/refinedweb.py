"""RefinedWeb's steps as DCLM reproduces them: rows of newlines, and rules for lines."""

from dataclasses import dataclass, field

from maslin.manifests.steps.spec import Rule, StepSpec, between


@dataclass(frozen=True)
class NewlineRemoval:
    """Shorten longer rows of newlines to `max_consecutive`: one empty line between paragraphs, if it is 2."""

    max_consecutive: int = field(default=2, metadata=between(1, 100))


NEWLINE_REMOVAL = StepSpec(
    "newline_removal", NewlineRemoval, "maslin.curation.rules.newline_removal:judge",
    "DCLM modifiers.py newline_removal_modifier, Li et al. 2024",
)


@dataclass(frozen=True)
class RefinedWeb:
    """RefinedWeb's rules for lines (Penedo et al. 2023) as DCLM reproduces them; a page that loses too much goes."""

    max_uppercase_ratio: float = field(default=0.5, metadata=between(0, 1))
    max_numeric_ratio: float = field(default=0.999999, metadata=between(0, 1))
    min_words_per_line: int = field(default=2, metadata=between(0, 1000))
    substring_line_words: int = field(default=10, metadata=between(0, 10**6))
    max_removed_words_ratio: float = field(default=0.05, metadata=between(0, 1))


REFINEDWEB = StepSpec(
    "refinedweb", RefinedWeb, "maslin.curation.rules.refinedweb:judge",
    "DCLM dclm_baseline_refinedweb.yaml, Li et al. 2024; Penedo et al. 2023",
    rules=(
        Rule("empty", words="had no words, or no line is left"),
        Rule("removed_words_ratio", ">", "max_removed_words_ratio", "removed_words_ratio"),
    ),
    signals=("removed_words_ratio",),
)
