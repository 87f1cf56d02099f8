"""Text from a finished run, token by token; each draw is a hash of (seed, position) and of nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from maslin.manifests import chatml
from maslin.manifests.errors import UsageError
from maslin.manifests.files import read_json
from maslin.manifests.identity import hash_unit
from maslin.manifests.soundness import checked
from maslin.trainer.device import choose_device
from maslin.trainer.models.model import Decoder
from maslin.trainer.models.saved_model import CONFIG_NAME, load_decoder
from maslin.trainer.models.saved_tokenizer import TOKENIZER_NAME
from maslin.trainer.threads import threads


def generate(
    run: Path, prompt: str, tokens: int, *, seed: int, temperature: float, top_k: int | None,
    chat: bool = False, computing_threads: int = 1, on_text: Callable[[str], None] = lambda text: None,
) -> str:
    """Go on from `prompt` by at most `tokens` tokens; returns the text that follows it. Ends at end-of-text.

    `run` is a run's directory. `on_text` gets the text so far after every token. The model sees what a document's
    beginning saw in training: end-of-text, then the prompt. `chat`: the prompt is a message, and an answer is written,
    up to its end sign. Raises UsageError when `run` holds no model that can.
    """
    device = choose_device()
    folder = run / "model"
    model = load_decoder(folder, "generating text", device)
    tokenizer = Tokenizer.from_file(str(checked(folder / TOKENIZER_NAME)))
    end_of_text = read_json(checked(folder / CONFIG_NAME))["eos_token_id"]
    ids, ends = [end_of_text, *tokenizer.encode(prompt, add_special_tokens=False).ids], {end_of_text}
    if chat:
        ids, ends = [end_of_text, *_asked(tokenizer, prompt, folder)], {end_of_text, tokenizer.token_to_id(chatml.END)}
    if max(ids) >= (model.config.vocab_size or 0):
        raise UsageError(f"{folder}: the tokenizer knows more tokens than the model.")
    given = len(ids)
    with threads(computing_threads):
        for position in range(tokens):
            draw = hash_unit(seed, "generate", str(position))
            chosen = sample(next_logits(model, ids), draw, temperature, top_k)
            if chosen in ends:
                break
            ids.append(chosen)
            on_text(tokenizer.decode(ids[given:], skip_special_tokens=False))
    return tokenizer.decode(ids[given:], skip_special_tokens=False)


def _asked(tokenizer: Tokenizer, message: str, folder: Path) -> list[int]:
    """Ids of a user's message and of the beginning of its answer. In the message, names of special tokens are text."""
    start, end = (tokenizer.token_to_id(token) for token in chatml.SPECIAL_TOKENS)
    if start is None:
        raise UsageError(f"{folder}: the tokenizer has no {chatml.START}: the model knows no conversations.")
    tokenizer.encode_special_tokens = True
    said, between, answer = (
        tokenizer.encode(text, add_special_tokens=False).ids
        for text in (f"user\n{message.strip()}", "\n", f"{chatml.ANSWERS}\n"))
    return [start, *said, end, *between, start, *answer]


@torch.no_grad()
def next_logits(model: Decoder, ids: list[int]) -> np.ndarray:
    """Logits [vocabulary] of the token after `ids`, as far back as the context reaches."""
    window = torch.tensor([ids[-model.config.context_tokens:]], device=model.device)
    hidden = model.hidden(window, None)[0, -1]
    logits = functional.linear(hidden, model.embedding.to(model.compute_dtype))
    return logits[: model.config.vocab_size].double().cpu().numpy()


def sample(logits: np.ndarray, draw: float, temperature: float, top_k: int | None) -> int:
    """The token at quantile `draw` in [0, 1) of the `top_k` likeliest, likeliest first (None: of all); the likeliest
    at temperature 0. Equal logits stand in the order of their ids."""
    order = np.argsort(-logits, kind="stable")
    if temperature == 0:
        return int(order[0])
    order = order[:top_k]
    weights = np.exp((logits[order] - logits[order[0]]) / temperature)
    total = np.cumsum(weights)
    index = np.searchsorted(total, draw * total[-1], side="right")
    return int(order[min(index, len(order) - 1)])  # the product may round up to the end
