"""Documents by their licence."""

from dataclasses import dataclass

from maslin.manifests.steps.spec import Rule, StepSpec


@dataclass(frozen=True)
class Licence:
    """Keep documents whose licence (SPDX) is in the named set, or in the list given."""

    keep: tuple[str, ...] = ("permissive",)


LICENCE = StepSpec(
    "licence", Licence, "maslin.curation.rules.licence:judge", "SPDX licence list",
    rules=(
        Rule("unknown_licence", "is null", words="no licence is known"),
        Rule("licence", "not in", "keep", of="licence"),
    ),
)
