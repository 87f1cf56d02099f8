"""Small steps for tests of tokenizing, mixing and sampling: corpora from texts, and what is built on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from maslin.curation.tokens.mixture import build_mixture
from maslin.curation.tokens.shards import build_tokens
from maslin.curation.tokens.tokenizer import build_tokenizer
from maslin.manifests.identity import document_id
from maslin.manifests.tables import DOCUMENTS, part_name, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map

WORDS = [
    "the", "of", "a", "in", "wheat", "rye", "barley", "mill", "sow", "reap", "grain", "corpus", "token", "number", "17",
    "2024", "isn't", "they'll", "naïve", "Größe", "麦", "—", ";",
]


def corpus_step(
    workspace: Workspace, name: str, parts: Sequence[Sequence[str]],
    extra: Mapping[str, Sequence[Sequence[Any]]] | None = None, kind: str = "corpus",
    numbers: Mapping[str, Sequence[Sequence[int]]] | None = None,
) -> Step:
    """A finished corpus whose documents are these texts, part by part.

    `extra` adds columns of strings, `numbers` of whole numbers.
    """
    step = Step(kind, name, 1, {"texts": document_id("parts", *(text for part in parts for text in (*part, "\0")))})
    directory, files = workspace.path(step), []
    for number, texts in enumerate(parts):
        rows = [
            {"id": document_id("test", name, str(number), str(row)), "text": text, "source": name}
            for row, text in enumerate(texts)
        ]
        table = pa.Table.from_pylist(rows, schema=DOCUMENTS)
        for column, values in (extra or {}).items():
            if column in table.column_names:
                table = table.drop_columns(column)
            table = table.append_column(column, pa.array(values[number], pa.string()))
        for column, counts in (numbers or {}).items():
            table = table.append_column(column, pa.array(counts[number], pa.int64()))
        files.append(write_table(directory, f"documents/{part_name(number)}", table))
    commit(directory, step, files)
    return step


def tokenizer_step(
    workspace: Workspace, corpora: Sequence[Step], vocab_size: int = 330, sample_bytes: int = 1 << 20,
) -> Step:
    """A finished tokenizer trained on these corpora."""
    parameters = {"kind": "bpe", "vocab_size": vocab_size, "sample_bytes": sample_bytes}
    step = Step("tokenizer", "test", 1, parameters, {f"corpus:{corpus.name}": corpus for corpus in corpora})
    build_tokenizer(step, workspace, serial_map)
    return step


def tokens_step(workspace: Workspace, documents: Step, tokenizer: Step) -> Step:
    step = Step("tokens", documents.name, 1, {}, {"documents": documents, "tokenizer": tokenizer})
    build_tokens(step, workspace, serial_map)
    return step


def mixture_step(
    workspace: Workspace, weights: Mapping[str, float], tokens: Sequence[Step], budget: int = 1000,
    max_epochs: float = 1000.0, **more: Any,
) -> Step:
    """A finished mixture; `more` parameters are `stages` and `simulate_target_tokens`."""
    parameters = {"weights": dict(weights), "budget_tokens": budget, "max_epochs": max_epochs, **more}
    by_name = {step.name: step for step in tokens}
    step = Step("mixture", "test", 1, parameters, {f"tokens:{name}": by_name[name] for name in weights})
    build_mixture(step, workspace, serial_map)
    return step


def texts_of(documents: int, words: int, salt: int = 0) -> list[str]:
    """Distinct texts of about so many words."""
    return [
        " ".join(WORDS[(row * row + word * (salt + 3) + word // 7) % len(WORDS)] for word in range(words + row % 5))
        + f" {row}" for row in range(documents)
    ]


def mixture(
    root: Path, weights: Mapping[str, float], sizes: Mapping[str, int], **options: Any,
) -> tuple[Workspace, Step]:
    """A workspace with a mixture of corpora of `sizes` documents of about 30 words, in two parts each."""
    workspace = Workspace(root)
    corpora = []
    for salt, (name, documents) in enumerate(sizes.items()):
        texts = texts_of(documents, 30, salt)
        corpora.append(corpus_step(workspace, name, [texts[: documents // 2], texts[documents // 2 :]]))
    tokenizer = tokenizer_step(workspace, corpora)
    tokens = [tokens_step(workspace, corpus, tokenizer) for corpus in corpora]
    return workspace, mixture_step(workspace, weights, tokens, **options)
