"""Which tokens a model foretells: those that it held likeliest of all."""

import torch
from torch import Tensor

from maslin.trainer.models.cross_entropy import logit_chunks
from maslin.trainer.models.examples import IGNORED
from maslin.trainer.models.model import Decoder


def foretold(model: Decoder, tokens: Tensor, targets: Tensor) -> Tensor:
    """1 where the target is the likeliest of the tokenizer's tokens, else 0; no number where the logits are none."""
    asked = targets != IGNORED
    found = torch.zeros(targets.shape, device=targets.device)
    wanted, right = targets[asked], []
    for place, logits in logit_chunks(model.hidden(tokens, None)[asked], model.embedding):
        logit, likeliest = logits[:, : model.config.vocab_size].max(-1)
        right.append((likeliest == wanted[place]) + 0 * logit)  # a model that diverged is not just a poor one
    found[asked] = torch.cat(right)
    return found
