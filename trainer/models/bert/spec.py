"""What BERT says of itself, and how much of a sequence it is asked for."""

from typing import Any

from maslin.trainer.models.spec import Architecture, Shape, plain_layers

STD = 0.02  # that matrices begin with
TOKEN_TYPES = 2  # of sentence pairs: what fine-tuning may want
MASK, PADDING = "[MASK]", "[PAD]"
MASKED_SHARE = 0.15  # of a sequence's tokens are masked (Devlin et al. 2019)


class Bert(Architecture):
    """`base` is BERT base."""

    name = "bert"
    model = "maslin.trainer.models.bert.model:Bert"
    objectives = ("masked",)
    opens_as = "BertForMaskedLM"
    norm_eps = 1e-12
    # Post-LayerNorm bears less: the best of 0.3, 0.1 and 0.03 for `tiny` at 300,000 tokens (6.66, 6.36 and 6.62 nats a
    # masked token).
    rate_share = 0.1
    reserved = (MASK, PADDING)
    special_tokens = {"mask_token": MASK, "pad_token": PADDING}  # noqa: RUF012 - nobody writes into it

    def parameters(self, shape: Shape) -> int:
        """With the norm of the embeddings, and the head's matrix with its bias and norm."""
        return plain_layers(shape) + 2 * shape.width + shape.width**2 + 3 * shape.width

    def transformers_config(self, shape: Shape) -> dict[str, Any]:
        return {
            "architectures": [self.opens_as], "model_type": "bert", "vocab_size": self.padded_vocab_size(shape),
            "hidden_size": shape.width, "intermediate_size": shape.hidden, "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads, "max_position_embeddings": shape.context_tokens,
            "hidden_act": "gelu", "layer_norm_eps": shape.norm_eps, "initializer_range": STD,
            "type_vocab_size": TOKEN_TYPES, "pad_token_id": self.reserved_id(shape, PADDING),
            "tie_word_embeddings": True, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        }
