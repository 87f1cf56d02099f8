"""The loss on a small, fixed part of the held-out documents while a run trains: a curve beside that of training.

It looks at the weights and changes nothing: no gradient is taken, no random number drawn, and the steps before and
after it are the same bits with it and without.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from maslin.manifests.errors import DataError
from maslin.manifests.identity import digest_of, hash_int
from maslin.trainer.comparison.scoring import batch_scores, batches, nats
from maslin.trainer.data.token_shards import TokenCorpus
from maslin.trainer.models.model import Decoder, LanguageModel

SPLIT = "validation"  # the other part stays closed until `--final`


class Validation:
    """The beginnings of some held-out documents of every domain, the same for every run of a recipe."""

    def __init__(self, domains: Mapping[str, Path], tokenizer: str, tokens: int, context: int) -> None:
        """`domains`: token shards by domain, made with `tokenizer` (a directory's name); `tokens` are scored of all."""
        self._domains = {
            domain: found for domain, path in domains.items()
            if (found := _beginnings(path, tokenizer, tokens // len(domains), context))[1]}
        self._context = context

    def losses(self, model: LanguageModel) -> dict[str, float]:
        """Nats a token, by domain; a domain without a document in the validation part is not among them."""
        assert isinstance(model, Decoder)
        found = {}
        for domain, (end_of_text, documents) in self._domains.items():
            lengths = [len(document) for document in documents]
            scores = [score for batch in batches(lengths, self._context, self._context)
                      for score in batch_scores(nats, model, documents, end_of_text, batch)]
            found[domain] = sum(scores) / sum(lengths)
        return found


def _beginnings(path: Path, tokenizer: str, tokens: int, context: int) -> tuple[int, list[np.ndarray]]:
    """End-of-text, and the first tokens of documents, in the order of a hash of their ids, at most a context of each.

    Raises DataError when they are tokenized otherwise than the run.
    """
    with TokenCorpus(path) as corpus:
        if digest_of(corpus.tokenizer) != digest_of(tokenizer):
            raise DataError(
                f"{path}: held-out documents are tokenized with {corpus.tokenizer}, the run with {tokenizer}: build "
                "both with one tokenizer.")
        rows = [row for row in corpus.document_table(["id", "start", "end", "split"]).to_pylist()
                if row["split"] == SPLIT]
        rows.sort(key=lambda row: (hash_int(0, "validation", row["id"]), row["id"]))
        documents, left = [], tokens
        for row in rows:
            taken = min(left, context, row["end"] - row["start"] - 1)  # end-of-text is not scored
            if taken > 0:
                documents.append(corpus.read(row["start"], row["start"] + taken).copy())
                left -= taken
        return corpus.end_of_text, documents
