"""What of an evaluation set may not stand in what is trained on."""

from dataclasses import dataclass, field

from maslin.manifests.steps.spec import between


@dataclass(frozen=True)
class Decontamination:
    """Training documents that hold this share of the word n-grams of a text of an evaluation set, wherever they stand.

    Of a text with fewer words than an n-gram they hold all of its words in a row; one of fewer than `least_words`, or
    with fewer bytes of letters and digits than `least_bytes`, is not looked for, as people write it anyway. N-grams
    without a letter do not count, nor do those that stand in more than `common_items` of a set's items, or in more than
    half of them: they are the set's own template. In how many training documents an n-gram stands does not matter: an
    item that a thousand hold is known by heart.
    """

    share: float = field(default=0.5, metadata=between(0.01, 1))
    ngram_words: int = field(default=13, metadata=between(2, 100))
    least_words: int = field(default=5, metadata=between(2, 100))
    least_bytes: int = field(default=24, metadata=between(1, 10**6))
    common_items: int = field(default=10, metadata=between(1, 10**9))

    def wrong(self) -> tuple[str, str] | None:
        """Texts between the two bounds would not be looked for, and nobody would say so."""
        if self.least_words > self.ngram_words:
            return "least_words", f"{self.least_words:,} words are more than an n-gram's, {self.ngram_words:,}"
        return None
