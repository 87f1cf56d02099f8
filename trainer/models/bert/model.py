"""BERT (Devlin et al. 2019) exactly, as its masked-language model: post-LayerNorm, GELU, learned positions, tied.

Names and shapes are those of Hugging Face's BertForMaskedLM. No dropout, no next-sentence task: all tokens are of type
0. Positions begin anew with every document. Letters of shapes are those of `maslin.trainer.models.model`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from maslin.trainer.config.model import ModelConfig
from maslin.trainer.models.bert.spec import MASKED_SHARE, STD, TOKEN_TYPES
from maslin.trainer.models.examples import Examples
from maslin.trainer.models.layers import LayerNorm, Linear, positions
from maslin.trainer.models.model import LanguageModel, Mask, attend, document_mask


class Output(nn.Module):
    """What a sublayer writes: a linear map, added to what went in, normed."""

    def __init__(self, inputs: int, config: ModelConfig) -> None:
        super().__init__()
        self.dense = Linear(inputs, config.width, bias=True)
        self.LayerNorm = LayerNorm(config.width, config.norm_eps)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + residual)


class SelfAttention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_width = config.head_width
        self.query = Linear(config.width, config.width, bias=True)
        self.key = Linear(config.width, config.width, bias=True)
        self.value = Linear(config.width, config.width, bias=True)

    def forward(self, x: Tensor, mask: Mask) -> Tensor:
        split = (*x.shape[:2], -1, self.head_width)
        q, k, v = (part(x).view(split).transpose(1, 2) for part in (self.query, self.key, self.value))
        return attend(q, k, v, mask, causal=False).transpose(1, 2).flatten(2)


class Layer(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(config), "output": Output(config.width, config)})
        self.intermediate = nn.ModuleDict({"dense": Linear(config.width, config.hidden, bias=True)})
        self.output = Output(config.hidden, config)

    def forward(self, x: Tensor, mask: Mask) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(functional.gelu(self.intermediate["dense"](x)), x)


class Embeddings(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        with torch.device("meta"):
            self.word_embeddings = nn.Embedding(config.padded_vocab_size, config.width)
            self.position_embeddings = nn.Embedding(config.context_tokens, config.width)
            self.token_type_embeddings = nn.Embedding(TOKEN_TYPES, config.width)
        self.LayerNorm = LayerNorm(config.width, config.norm_eps)

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return self.word_embeddings(tokens) + self.token_type_embeddings.weight[0] + self.position_embeddings(positions)


class Predictions(nn.Module):
    """The head: a dense layer with GELU and LayerNorm before the tied matrix, a bias after it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(config.padded_vocab_size, device="meta"))
        self.transform = nn.ModuleDict({
            "dense": Linear(config.width, config.width, bias=True),
            "LayerNorm": LayerNorm(config.width, config.norm_eps),
        })

    def forward(self, x: Tensor) -> Tensor:
        return self.transform["LayerNorm"](functional.gelu(self.transform["dense"](x)))


class Bert(LanguageModel):
    PREFIX = ""
    EMBEDDINGS = (
        "bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight",
        "bert.embeddings.token_type_embeddings.weight", "cls.predictions.bias",
    )

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.bert = nn.ModuleDict({
            "embeddings": Embeddings(config), "encoder": nn.ModuleDict({"layer": layers})})
        self.cls = nn.ModuleDict({"predictions": Predictions(config)})

    def forward(self, tokens: Tensor, positions: Tensor, mask: Mask) -> Tensor:
        """Hidden states [B, T, D], normed. Only this is compiled on CUDA: shapes are fixed, the rest is given."""
        embeddings = self.bert["embeddings"]
        x = embeddings.LayerNorm(embeddings(tokens, positions).to(self.compute_dtype))
        for layer in self.bert["encoder"]["layer"]:
            x = layer(x, mask)
        return x

    def states(self, examples: Examples) -> Tensor:
        tokens, segments = examples.tokens, examples.segments
        return self(tokens, positions(tokens, segments), document_mask(segments, causal=False))

    def head(self, states: Tensor) -> Tensor:
        return self.cls["predictions"](states)

    @property
    def output_bias(self) -> Tensor:
        return self.cls["predictions"].bias

    @property
    def token_parameters(self) -> frozenset[str]:
        return frozenset({self.EMBEDDINGS[0], "cls.predictions.bias"})

    def product_share(self, name: str) -> float:
        """The head takes masked tokens alone."""
        return MASKED_SHARE if name == self.EMBEDDINGS[0] or name.startswith("cls.") else 1.0

    def initial(self, name: str, shape: torch.Size) -> tuple[float, float]:
        """Normal with 0.02, as in the paper's code; biases zero, norms one."""
        if name.endswith("bias"):
            return 0.0, 0.0
        return (1.0, 0.0) if len(shape) == 1 else (0.0, STD)
