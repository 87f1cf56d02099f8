"""A model's shape with what its architecture makes of it; its JSON is the step's parameters."""

from dataclasses import asdict, dataclass
from typing import Any

from maslin.manifests.errors import UsageError
from maslin.trainer.config.checks import from_json, require
from maslin.trainer.models.known import ARCHITECTURES, architecture_named
from maslin.trainer.models.spec import Architecture, Shape


@dataclass(frozen=True)
class ModelConfig(Shape):
    """A shape that its architecture can have. Raises UsageError for one that it cannot."""

    def __post_init__(self) -> None:
        require("model", [
            (getattr(self, name) >= 1, name, f"is {getattr(self, name)}, it must be at least 1")
            for name in ("layers", "width", "heads", "kv_heads", "hidden", "context_tokens")])
        require("model", [
            (self.width % self.heads == 0, "width", f"{self.width} is not a multiple of heads {self.heads}")])
        architecture = architecture_named(self.architecture)
        require("model", [
            (self.heads % self.kv_heads == 0, "kv_heads", f"{self.kv_heads} does not divide the heads: {self.heads}")])
        architecture.check(self)

    @property
    def spec(self) -> Architecture:
        """What its architecture says of itself."""
        return ARCHITECTURES[self.architecture]

    @property
    def padded_vocab_size(self) -> int:
        """Rows of the embedding."""
        return self.spec.padded_vocab_size(self)

    def reserved_id(self, token: str) -> int:
        """The id of one of the architecture's reserved tokens."""
        return self.spec.reserved_id(self, token)

    @property
    def parameters(self) -> int:
        """Non-embedding parameters: what the named sizes speak of, about the same in every architecture."""
        return self.spec.parameters(self)

    @property
    def all_parameters(self) -> int:
        """With the tied embedding, learned positions apart: what takes part in matrix products."""
        return self.parameters + self.padded_vocab_size * self.width

    @property
    def flop_per_token(self) -> float:
        """About what training on a token takes (as `LanguageModel.flop_per_token`, which knows the matrices)."""
        return 6.0 * self.all_parameters + 12.0 * self.layers * self.width * self.context_tokens

    def check_continues(self, other: "ModelConfig", where: str) -> None:
        """Raise UsageError unless a model of this shape can begin with the weights of the `other`, which lies `where`.

        What the architecture allows may differ: the vocabulary, and the context where positions are not learned.
        """
        ours, theirs = asdict(self), asdict(other)
        differing = [
            f"{name} is {ours[name]} here and {theirs[name]} there"
            for name in ours if name not in self.spec.may_differ and ours[name] != theirs[name]]
        if differing:
            raise UsageError(
                f"{where} holds a model of another shape: {', '.join(differing)}. Give the model and architecture that "
                "it was trained with.")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ModelConfig":
        return from_json(cls, value, "model")
