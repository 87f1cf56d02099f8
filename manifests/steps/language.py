"""Language identification, by fastText's model or langdetect."""

from dataclasses import dataclass, field
from typing import Literal

from maslin.manifests.steps.spec import Need, Rule, StepSpec, between


@dataclass(frozen=True)
class Language:
    """Keep documents of these languages (labels of the method's own, as `en` or `zh`) with at least this score.

    `method`: `lid176` (fastText's model), or `langdetect` (the package of that name, C4's gate with `min_score: 0.99`).
    """

    keep: tuple[str, ...] = ("en",)
    method: Literal["lid176", "langdetect"] = "lid176"
    min_score: float = field(default=0.65, metadata=between(0, 1))

    def wrong(self) -> tuple[str, str] | None:
        """A language that the method has no label for would drop every document."""
        from maslin.manifests.steps.language_codes import labels, nearest  # here: most recipes name no language

        for word in self.keep:
            if word not in labels(self.method):
                near = nearest(word, self.method)
                rather = f"did you mean `{near}`?" if near else f"known here: {', '.join(labels(self.method))}"
                return "keep", f"{self.method} has no label `{word}`; {rather}"
        return None


LANGUAGE = StepSpec(
    "language", Language, "maslin.curation.rules.language:judge",
    "fastText lid.176, Joulin et al. 2016; langdetect as TFDS 4.9.10 c4_utils.is_language", version=2,
    rules=(
        Rule("language", "not in", "keep", of="language"),
        Rule("language_score", "<", "min_score", "score"),
    ),
    signals=("score",),
    needs=(
        Need("model", "lid176", ("method", ("lid176",))), Need("package", "langdetect", ("method", ("langdetect",)))),
)
