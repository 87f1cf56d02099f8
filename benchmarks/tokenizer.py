"""Encoding and training of a byte-level BPE tokenizer beside other libraries, one thread each, in CPU-seconds.

    nice python -m benchmarks.tokenizer maslin-work/documents/web@*/documents/*.parquet [--rounds 3] [--size 32768]

Encoding is cold: a new encoder for every round, which has met no word. The peers run in turn in processes of their
own; lists of ids are part of what their encoding costs, arrays of ours.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers.environment import peer_python
from maslin.curation.tokens.bpe.encoder import encoder_of
from maslin.curation.tokens.bpe.training import train

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "peers" / "tokenizer_peers.py"
ENCODERS, TRAINERS = ("tokenizers", "tiktoken", "fastokens", "gigatoken"), ("tokenizers", "gigabpe", "rustbpe")
END, BATCH = "<|endoftext|>", 256


def our_training(texts: pa.ChunkedArray, size: int) -> tuple[float, str, str]:
    """CPU-seconds, the tokenizer.json, and a digest of its merges."""
    began = time.process_time()
    tokenizer = train([texts], size, [END])
    spent, content = time.process_time() - began, tokenizer.to_str(pretty=True)
    return spent, content, sha256(json.dumps(json.loads(content)["model"]["merges"]).encode()).hexdigest()


def our_encoding(texts: pa.ChunkedArray, content: str) -> tuple[float, str]:
    """CPU-seconds, and a digest of the ids as lists."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content)
    tokenizer.encode_special_tokens = True
    encoder, digest, spent = encoder_of(tokenizer), sha256(), 0.0
    for start in range(0, len(texts), BATCH):
        began = time.process_time()
        ids, counts = encoder.encode(texts.slice(start, BATCH), 0)
        spent += time.process_time() - began
        lists, position = [], 0
        for count in counts.tolist():
            lists.append(ids[position : position + count - 1].tolist())  # without the end of text
            position += count
        digest.update(json.dumps(lists).encode())
    return spent, digest.hexdigest()


def show(title: str, seconds: dict[str, list[float]], same: dict[str, bool], megabytes: float, ours: str) -> None:
    print(f"\n{title}, {megabytes:.1f} MB; medians of CPU-seconds")
    for name, spent in sorted(seconds.items(), key=lambda item: median(item[1])):
        print(f"{name:12} {median(spent):8.2f} s {megabytes / median(spent):8.1f} MB/CPU-s "
              f"{median(spent) / median(seconds[ours]):6.2f} of ours   {'the same' if same[name] else 'others'}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="+", help="Parquet files with a column `text`")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=32_768)
    asked = parser.parse_args(arguments)
    python = peer_python("tokenizer")
    texts = pa.chunked_array([
        chunk for path in asked.documents for chunk in pq.read_table(path, columns=["text"])["text"].chunks])
    megabytes = pc.sum(pc.binary_length(texts)).as_py() / 1e6
    our_encoding(texts.slice(0, 8), our_training(texts.slice(0, 8), 400)[1])  # compiles
    encoding, training = defaultdict(list), defaultdict(list)
    ids, merges = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        source, tokenizer, result = (Path(folder) / name for name in ("texts.json", "tokenizer.json", "result.json"))
        source.write_text(json.dumps(texts.to_pylist()), "utf-8")
        for turn in range(asked.rounds):
            spent, content, merges["maslin"] = our_training(texts, asked.size)
            training["maslin"].append(spent)
            tokenizer.write_text(content, "utf-8")
            spent, ids["maslin"] = our_encoding(texts, content)
            encoding["maslin"].append(spent)
            for work, libraries, seconds in ("encode", ENCODERS, encoding), ("train", TRAINERS, training):
                for library in libraries:
                    if turn and library == "tokenizers":
                        continue  # the slowest by far: once
                    subprocess.run([python, SCRIPT, source, tokenizer, result, work, library], check=True)
                    found = json.loads(result.read_text("utf-8"))
                    seconds[library].append(found["cpu_seconds"])
                    (ids if work == "encode" else merges)[library] = found["ids" if work == "encode" else "merges"]
    for title, seconds, kept in ("encoding, cold", encoding, ids), ("training", training, merges):
        show(title, seconds, {name: kept[name] == kept["maslin"] for name in seconds}, megabytes, "maslin")


if __name__ == "__main__":
    main()
