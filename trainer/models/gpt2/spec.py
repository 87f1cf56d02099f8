"""What GPT-2 says of itself."""

from typing import Any

from maslin.trainer.models.spec import Architecture, Shape, plain_layers

STD = 0.02  # that matrices begin with


class GPT2(Architecture):
    """`base` is GPT-2's 124M."""

    name = "gpt2"
    model = "maslin.trainer.models.gpt2.model:GPT2"
    objectives = ("causal", "sft")
    is_decoder = True
    opens_as = "GPT2LMHeadModel"
    norm_eps = 1e-5

    def parameters(self, shape: Shape) -> int:
        return plain_layers(shape) + 2 * shape.width

    def transformers_config(self, shape: Shape) -> dict[str, Any]:
        return {
            "architectures": [self.opens_as], "model_type": "gpt2", "vocab_size": self.padded_vocab_size(shape),
            "n_embd": shape.width, "n_inner": shape.hidden, "n_layer": shape.layers, "n_head": shape.heads,
            "n_positions": shape.context_tokens, "activation_function": "gelu_new",
            "layer_norm_epsilon": shape.norm_eps, "initializer_range": STD, "tie_word_embeddings": True,
            "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0,
        }
