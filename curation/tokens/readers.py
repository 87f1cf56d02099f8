"""Readers of token shards made elsewhere, and what they have in common.

A reader is a module with two functions, `splits(inputs) -> list[TokenSplit]` and
`read(split) -> Iterator[tuple[str, numpy.ndarray]]`: the id of every document and its token ids, in order.
"""

from dataclasses import dataclass

from maslin.manifests.recipe.inputs import InputFile

PART_BYTES = 64 << 20  # of ids in a split, about

# Modules by the `kind` of token shards.
READERS = {"megatron": "maslin.curation.tokens.megatron", "parquet": "maslin.curation.tokens.parquet"}


@dataclass(frozen=True)
class TokenSplit:
    """A part of the inputs that one worker reads: `first` to `end` in the reader's own unit."""

    files: tuple[InputFile, ...]
    first: int
    end: int
    documents: int
