"""Runs in the peers' environment: CPU-seconds of one tokenizer library, encoding or training, on one thread.

    python tokenizer_peers.py TEXTS.json TOKENIZER.json RESULT.json (encode|train) LIBRARY

The result has `cpu_seconds`, and `ids` (a digest of all ids) or `merges` (a digest of the file's merges).
"""

import json
import os
import sys
import time
from hashlib import sha256
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
BATCH = 256  # texts handed over at once
PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def encoder(library, path):
    """A function from texts to lists of ids."""
    if library == "tokenizers":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(path)
        tokenizer.encode_special_tokens = True
        return lambda texts: [each.ids for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    if library == "fastokens":
        from fastokens._native import Tokenizer

        tokenizer = Tokenizer.from_file(path)
        return lambda texts: [each.ids for each in tokenizer.encode_batch(texts, False, True)]
    if library == "gigatoken":
        from gigatoken import Tokenizer

        tokenizer = Tokenizer(path)
        return lambda texts: tokenizer.encode_batch(texts, parallel=False).to_list()
    import tiktoken

    content = json.loads(Path(path).read_text("utf-8"))
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    bytes_of = {chr(byte): byte for byte in plain} | {
        chr(0x100 + number): byte for number, byte in enumerate(sorted(set(range(256)) - set(plain)))}
    special = {token["content"] for token in content["added_tokens"]}
    ranks = {
        bytes(bytes_of[sign] for sign in token): id
        for token, id in content["model"]["vocab"].items() if token not in special}
    encoding = tiktoken.Encoding("ours", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    return lambda texts: [encoding.encode_ordinary(text) for text in texts]


def train(library, texts, size, folder):
    """Train as ours does; returns the merges, none where the library does not say them."""
    special = "<|endoftext|>"
    if library == "tokenizers":
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
            vocab_size=size, min_frequency=2, show_progress=False, special_tokens=[special],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        return json.loads(tokenizer.to_str())["model"]["merges"]
    if library == "gigabpe":
        import gigabpe

        source = folder / "texts.txt"
        source.write_text("\n".join(texts), "utf-8")
        _, merges = gigabpe.train_bpe(
            [str(source)], size, special_tokens=[special], min_frequency=2, pretokenizer="bytelevel", threads=1)
        return [list(merge) for merge in merges]
    import rustbpe

    rustbpe.Tokenizer().train_from_iterator(iter(texts), size, pattern=PATTERN)
    return []


def main() -> None:
    texts_path, tokenizer_path, result_path, work, library = sys.argv[1:]
    texts = json.loads(Path(texts_path).read_text("utf-8"))
    result = {}
    if work == "encode":
        encode, digest = encoder(library, tokenizer_path), sha256()
        spent = 0.0
        for start in range(0, len(texts), BATCH):
            began = time.process_time()
            ids = encode(texts[start : start + BATCH])
            spent += time.process_time() - began
            digest.update(json.dumps(ids).encode())
        result = {"cpu_seconds": spent, "ids": digest.hexdigest()}
    else:
        size = len(json.loads(Path(tokenizer_path).read_text("utf-8"))["model"]["vocab"])
        began = time.process_time()
        merges = train(library, texts, size, Path(result_path).parent)
        spent = time.process_time() - began
        result = {"cpu_seconds": spent, "merges": sha256(json.dumps(merges).encode()).hexdigest()}
    Path(result_path).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
