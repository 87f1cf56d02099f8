"""What the `llama`-like decoder says of itself: the architecture whose sizes the names speak of."""

from typing import Any

from maslin.manifests.errors import UsageError
from maslin.trainer.models.spec import AnyShape, Architecture, Shape


class Llama(Architecture):
    name = "llama"
    model = "maslin.trainer.models.llama.model:Llama"
    objectives = ("causal", "sft")
    is_decoder = True
    opens_as = "Qwen3ForCausalLM"
    muon_parameters = 12_000_000  # `small`
    may_differ = frozenset({"vocab_size", "context_tokens"})

    def resized(self, size: AnyShape) -> AnyShape:
        return size

    def check(self, shape: Shape) -> None:
        """Fewer key-value heads than heads are fine."""
        if shape.head_width % 2:
            raise UsageError(f"model: width / heads is {shape.head_width}, RoPE needs an even number.")

    def parameters(self, shape: Shape) -> int:
        attention = shape.width * shape.head_width * 2 * (shape.heads + shape.kv_heads)
        norms = 2 * shape.width + 2 * shape.head_width
        return shape.layers * (attention + 3 * shape.width * shape.hidden + norms) + shape.width

    def transformers_config(self, shape: Shape) -> dict[str, Any]:
        return {
            "architectures": [self.opens_as], "model_type": "qwen3", "vocab_size": self.padded_vocab_size(shape),
            "hidden_size": shape.width, "intermediate_size": shape.hidden, "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_width,
            "hidden_act": "silu", "max_position_embeddings": shape.context_tokens, "rope_theta": shape.rope_base,
            "rms_norm_eps": shape.norm_eps, "tie_word_embeddings": True, "attention_bias": False,
            "attention_dropout": 0.0, "use_sliding_window": False,
        }
