"""What an architecture says of itself, without torch: what it is trained for, its sizes, its tokens, its export.

Planning a recipe reads this alone; `Architecture.model` names the model itself. `maslin.trainer.models.known` lists
them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from maslin.manifests.errors import UsageError

VOCABULARY_MULTIPLE = 128  # embedding rows are padded to it: matrix products like round shapes
HEAD_WIDTH = 64  # of the named sizes, where an architecture has no wish of its own


@dataclass(frozen=True)
class Shape:
    """The numbers of a model. `vocab_size` None: the tokenizer's, filled in when the run is built.

    An architecture may leave some unused: only `llama` has RoPE, and `t5` has `layers` in its encoder and as many in
    its decoder.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int  # of the feed-forward: 4 × `width`, or about 8/3 of it when gated: as many parameters
    context_tokens: int
    vocab_size: int | None = None
    rope_base: float = 10_000.0
    norm_eps: float = 1e-6
    architecture: str = "llama"

    @property
    def head_width(self) -> int:
        return self.width // self.heads


AnyShape = TypeVar("AnyShape", bound=Shape)


class Architecture(ABC):
    """One architecture. A subclass stands beside its model, says what is its own and inherits what is usual."""

    name: ClassVar[str]  # in a recipe
    model: ClassVar[str]  # "module:class", imported where a model is made: it needs torch
    objectives: ClassVar[tuple[str, ...]]  # by their names in `maslin.trainer.data.objectives`, its own first
    is_decoder: ClassVar[bool] = False  # a `Decoder`: gives texts a probability, can be compared and go on with a text
    opens_as: ClassVar[str]  # the class of `transformers` that opens a saved model
    norm_eps: ClassVar[float] = 1e-6
    rate_share: ClassVar[float] = 1.0  # of the learning rate that Step Law gives, a law of decoders
    muon_parameters: ClassVar[int] = 0  # models of up to so many train with Muon, where that was measured
    may_differ: ClassVar[frozenset[str]] = frozenset({"vocab_size"})  # between a run and the model it goes on from
    # Tokens that only the model knows: their ids follow the tokenizer's, so token shards serve every architecture.
    reserved: ClassVar[tuple[str, ...]] = ()
    special_tokens: ClassVar[Mapping[str, str]] = {}  # in the saved tokenizer's config, besides end-of-text
    template: ClassVar[str] = "{end} $A"  # what a document ($A) was in training: how the saved tokenizer encodes one

    @abstractmethod
    def parameters(self, shape: Shape) -> int:
        """Non-embedding parameters of a model of this shape."""

    @abstractmethod
    def transformers_config(self, shape: Shape) -> dict[str, Any]:
        """The configuration of `transformers` that is this model exactly, without special tokens."""

    def resized(self, size: AnyShape) -> AnyShape:
        """A named size as this architecture has it, with about as many parameters: the names' are `llama`'s."""
        heads = size.width // HEAD_WIDTH
        return replace(
            size, architecture=self.name, heads=heads, kv_heads=heads, hidden=4 * size.width, norm_eps=self.norm_eps)

    def check(self, shape: Shape) -> None:
        """Raise UsageError for a shape that the architecture cannot have."""
        if shape.heads != shape.kv_heads:
            raise UsageError(
                f"model: kv_heads is {shape.kv_heads}, but {self.name} has as many as heads: {shape.heads}.")

    def padded_vocab_size(self, shape: Shape) -> int:
        """Rows of the embedding: the tokenizer's, the reserved ones, and some that nothing uses."""
        rows = _vocab_size(shape) + len(self.reserved)
        return -(-rows // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE

    def reserved_id(self, shape: Shape, token: str) -> int:
        """The id of one of the `reserved` tokens."""
        return _vocab_size(shape) + self.reserved.index(token)


def _vocab_size(shape: Shape) -> int:
    if shape.vocab_size is None:
        raise ValueError("the vocabulary is not known before the tokenizer is")
    return shape.vocab_size


def plain_layers(shape: Shape) -> int:
    """Parameters of layers with a feed-forward of two matrices, all maps with biases, and two LayerNorms each."""
    matrices = 4 * shape.width**2 + 2 * shape.width * shape.hidden
    return shape.layers * (matrices + 9 * shape.width + shape.hidden)
