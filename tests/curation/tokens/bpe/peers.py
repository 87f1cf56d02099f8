"""Tokenizers of the library `tokenizers` that the kernels are held against."""

import json
from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from maslin.curation.tokens.bpe.words import LLAMA_3, PATTERNS

END = "<|endoftext|>"
LLAMA_3_PATTERN = next(pattern for pattern, name in PATTERNS.items() if name == LLAMA_3)


def splitter(llama_3: bool = False) -> pre_tokenizers.PreTokenizer:
    """Words as characters that stand for bytes."""
    if not llama_3:
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA_3_PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def trained(texts: Iterable[str], size: int, special: Sequence[str] = (END,), llama_3: bool = False) -> Tokenizer:
    """What Hugging Face's own trainer makes of texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = splitter(llama_3), decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, show_progress=False, special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.encode_special_tokens = True
    return tokenizer


def changed(tokenizer: Tokenizer, **model: object) -> Tokenizer:
    """A tokenizer with other options of its model."""
    content = json.loads(tokenizer.to_str())
    content["model"].update(model)
    other = Tokenizer.from_str(json.dumps(content))
    other.encode_special_tokens = True
    return other
