"""A byte-level BPE tokenizer from texts: the same file that Hugging Face's trainer makes of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from maslin.curation.text.buffers import bytes_and_offsets
from maslin.curation.tokens.bpe.alphabet import BYTE_CHARACTERS, IN_ORDER, read, written
from maslin.curation.tokens.bpe.counting import count_words, no_words, spelled
from maslin.curation.tokens.bpe.learning import learn

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MIN_PAIR_COUNT = 2  # a pair seen once is no pattern


def train(texts: Iterable[pa.Array | pa.ChunkedArray], size: int, special: Sequence[str]) -> "Tokenizer":
    """Byte-level BPE with at most `size` tokens: the `special` ones, 256 bytes, and merges in order of their counts.

    Ties go to the pair with the smaller ids, so the result does not depend on the order of texts. Of a word that is
    longer than counting.MAX_WORD_BYTES its parts are learned from.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokens = list(dict.fromkeys([*special, *(BYTE_CHARACTERS[byte] for byte in IN_ORDER)]))
    byte_tokens = np.array([tokens.index(BYTE_CHARACTERS[byte]) for byte in range(256)], np.int64)
    words = no_words()
    for part in texts:
        words = count_words(*bytes_and_offsets(part), words)
    spellings = [read(token) or b"" for token in tokens]
    merges, learned, ends = learn(
        *spelled(words, byte_tokens), size, MIN_PAIR_COUNT, np.frombuffer(b"".join(spellings), np.uint8).copy(),
        np.cumsum([0, *map(len, spellings)]))
    data = learned.tobytes()
    tokens += [written(data[ends[index]:ends[index + 1]]) for index in range(len(tokens), len(ends) - 1)]
    tokenizer = Tokenizer(models.BPE(
        vocab={token: id for id, token in enumerate(tokens)},
        merges=[(tokens[left], tokens[right]) for left, right in merges[:, :2].tolist()]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special))
    return tokenizer
