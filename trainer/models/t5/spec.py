"""What T5 says of itself, and how much of a document it is asked for."""

from dataclasses import replace
from typing import Any

from maslin.trainer.models.spec import AnyShape, Architecture, Shape

BUCKETS, MAX_DISTANCE = 32, 128  # of relative positions
NOISE_SHARE, MEAN_SPAN = 0.15, 3  # of a document's tokens are cut out, in spans so long (Raffel et al. 2020)
PADDING = "<pad>"
SENTINELS = tuple(f"<extra_id_{number}>" for number in range(100))  # as many as T5 has


class T5(Architecture):
    name = "t5"
    model = "maslin.trainer.models.t5.model:T5"
    objectives = ("span_corruption",)
    opens_as = "T5ForConditionalGeneration"
    rate_share = 0.3  # the best of 1, 0.3 and 0.1 for `tiny` at 300,000 tokens: 5.89, 5.52 and 6.03 nats a target
    may_differ = frozenset({"vocab_size", "context_tokens"})
    reserved = (*SENTINELS, PADDING)
    special_tokens = {"pad_token": PADDING}  # noqa: RUF012 - nobody writes into it
    template = "$A {end}"

    def resized(self, size: AnyShape) -> AnyShape:
        """Gated as `llama` is. A layer of the encoder and one of the decoder hold as many as 7/3 layers."""
        return replace(super().resized(size), layers=max(1, round(3 * size.layers / 7)), hidden=size.hidden)

    def parameters(self, shape: Shape) -> int:
        """A layer of each stack counts; cross-attention is as large as self-attention."""
        layer = 12 * shape.width**2 + 6 * shape.width * shape.hidden + 5 * shape.width
        return shape.layers * layer + 2 * shape.width

    def transformers_config(self, shape: Shape) -> dict[str, Any]:
        padding = self.reserved_id(shape, PADDING)
        return {
            "architectures": [self.opens_as], "model_type": "t5",
            "vocab_size": self.padded_vocab_size(shape), "d_model": shape.width, "d_kv": shape.head_width,
            "d_ff": shape.hidden, "num_layers": shape.layers, "num_decoder_layers": shape.layers,
            "num_heads": shape.heads, "relative_attention_num_buckets": BUCKETS,
            "relative_attention_max_distance": MAX_DISTANCE, "feed_forward_proj": "gated-gelu",
            "layer_norm_epsilon": shape.norm_eps, "n_positions": shape.context_tokens,
            "pad_token_id": padding, "decoder_start_token_id": padding, "is_encoder_decoder": True,
            "tie_word_embeddings": True, "dropout_rate": 0.0,
        }
