"""The tokenizer of a recipe: byte-level BPE with GPT-2's split pattern, from an equal-bytes sample of its corpora.

It is a folder that `tokenizers` and `transformers` load. A tokenizer of one's own is copied after it has been tried.
"""

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maslin.curation.tokens.bpe.encoder import Encoder, encoder_of
from maslin.curation.tokens.bpe.training import train
from maslin.manifests import chatml, progress
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.files import atomic_path, checksum, file_entry, write_json, write_text
from maslin.manifests.identity import hash_int
from maslin.manifests.manifest import Manifest
from maslin.manifests.soundness import checked
from maslin.manifests.tables import open_table
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_NAME = "tokenizer.json"
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_NAMES = (END_OF_TEXT, "<|end_of_text|>", "</s>", "<eos>", "<|eot|>", "<|im_end|>")  # the first one there
SAMPLE_SEED = 0
_COUNTED_AT_ONCE = 4096  # texts whose words are counted between two reports

# Read back, these must give the same characters: control characters, all lengths of UTF-8, spaces and line ends of
# every kind, decomposed and compatibility characters (which a normalizer would change), and a special token's name.
ROUND_TRIP_TEXTS = (
    "", " ", "  a", "a  ", "\n\n\tx \r\n", "Hello world's  \u00a0\u2003\u3000end", "\x00\x01\x7f\x80\x85\u2028",
    "é e\u0301 ﬁ ２ Å \u212b \u1e9b\u0323", "Привет, мир! 你好，世界。 こんにちは 안녕 \u1112\u1161\u11ab مرحبا नमस्ते",
    "😀👩‍👩‍👧🏽 \U0010ffff\ufffe\ufeffx", f"a {END_OF_TEXT}{END_OF_TEXT} b </s> <s>[INST]",
    "".join(map(chr, range(1, 384))),
)


def build_tokenizer(step: Step, workspace: Workspace, mapper: Mapper, path: Path | None = None) -> Manifest:
    """Train (`kind: bpe`) or take over (`kind: file`, at `path`) the tokenizer of a recipe; returns the manifest.

    The step's `special_tokens` are tokens of it, too: ChatML's, when a corpus holds conversations. A sample with too
    few patterns gives fewer tokens than asked: summary `vocab_size` is what there is, never padded.
    Raises DataError when the corpora hold no text, UsageError when a tokenizer file cannot be used.
    """
    directory, special = workspace.path(step), step.parameters.get("special_tokens", [])
    if step.parameters["kind"] == "file":
        assert path is not None
        if checksum(path) != step.inputs["file"]:
            raise UsageError(f"{path}: has changed since this command began. Run it again.")
        tokenizer, token = check_tokenizer_file(path)
        if token in special:
            raise UsageError(f"{path}: its end of text is {token}, which ends every message of a conversation.")
        if missing := [name for name in special if tokenizer.token_to_id(name) is None]:
            tokenizer.add_special_tokens(missing)
            _save(tokenizer, directory)
        else:
            with atomic_path(directory / TOKENIZER_NAME) as temporary:
                shutil.copyfile(path, temporary)
        sample: dict[str, Any] = {}
    else:
        corpora = {
            role.removeprefix("corpus:"): _document_paths(corpus, workspace)
            for role, corpus in sorted(step.input_steps().items())
        }
        task = (directory, step.parameters["vocab_size"], step.parameters["sample_bytes"], special, corpora)
        [result] = run_shards(directory, _train_and_save, [task], mapper, f"tokenizer {step.name}", unit="documents")
        tokenizer, token, sample = load_tokenizer(directory), END_OF_TEXT, result["sample"]
    _write_transformers_files(directory, token, chat=bool(special))
    names = (TOKENIZER_NAME, "tokenizer_config.json", "special_tokens_map.json")
    return commit(
        directory, step, [file_entry(directory, directory / name) for name in names],
        sizes={"bytes": sum(part["bytes"] for part in sample.values())},
        summary={
            "vocab_size": vocab_size(tokenizer), "vocab_size_asked": step.parameters.get("vocab_size"),
            "end_of_text": tokenizer.token_to_id(token), "end_of_text_token": token, "sample": sample,
        },
    )


def load_tokenizer(directory: Path) -> "Tokenizer":
    """The tokenizer of a step directory, set so that special tokens' names in a text are text."""
    return _load(checked(directory / TOKENIZER_NAME))


@cache
def load_cached(directory: Path) -> "Tokenizer":
    """A tokenizer, loaded once a process, and told before it starts threads not to: it would start one a core.

    Every worker would: parallelism is over parts.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return load_tokenizer(directory)


@cache
def load_encoder(directory: Path) -> Encoder:
    """What encodes by a tokenizer, made once a process: it remembers the words it has met."""
    return encoder_of(load_cached(directory))


def vocab_size(tokenizer: "Tokenizer") -> int:
    """One more than the greatest id."""
    return max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1


def _load(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def check_tokenizer_file(path: Path) -> tuple["Tokenizer", str]:
    """A user's tokenizer and the name of its end-of-text token.

    Raises UsageError when it does not load, names no end of text, or does not give texts back as they were.
    """
    try:
        tokenizer = _load(path)
    except Exception as error:  # `tokenizers` raises plain Exception for every fault of a file
        raise UsageError(f"{path}: not a tokenizer.json that `tokenizers` can load ({error}).") from error
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    token = next((name for name in END_OF_TEXT_NAMES if name in special), None)
    if token is None:
        raise UsageError(
            f"{path}: has no end-of-text token: none of {', '.join(END_OF_TEXT_NAMES)} is among its special tokens "
            f"({', '.join(sorted(special)[:8]) or 'there are none'}). Add one and give the file again.")
    end = tokenizer.token_to_id(token)
    for text in ROUND_TRIP_TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        back = tokenizer.decode(ids, skip_special_tokens=False)
        if back != text:
            raise UsageError(
                f"{path}: does not give text back as it was: {text!r} became {back!r}. Tokens must stand for bytes: "
                "use a byte-level tokenizer without a normalizer.")
        if end in ids:
            raise UsageError(f"{path}: encodes the text {text!r} with its end-of-text token.")
    return tokenizer, token


def _train_and_save(task: tuple[Path, int, int, list[str], dict[str, list[Path]]]) -> ShardResult:
    directory, size, sample_bytes, special, corpora = task
    samples = {name: sample_texts(paths, sample_bytes // len(corpora)) for name, paths in corpora.items()}
    if not any(len(texts) for texts in samples.values()):
        raise DataError(f"{directory.name}: no text to train a tokenizer on: {', '.join(corpora)} are empty.")
    _save(train(_told(samples), size, [END_OF_TEXT, *special]), directory)
    return {
        "files": [file_entry(directory, directory / TOKENIZER_NAME)],
        "sample": {
            name: {"documents": len(texts), "bytes": _bytes(texts)}
            for name, texts in samples.items()
        },
    }


def _told(samples: dict[str, pa.ChunkedArray]) -> Iterator[pa.ChunkedArray]:
    """The texts in parts, while it is said how far their words are counted; what follows has no measure."""
    total, done = sum(map(_bytes, samples.values())), 0
    for texts in samples.values():
        for start in range(0, len(texts), _COUNTED_AT_ONCE):
            progress.note(f"counting words: {done / 1e6:,.0f} of {total / 1e6:,.1f} MB of the sample")
            part = texts.slice(start, _COUNTED_AT_ONCE)
            yield part
            done += _bytes(part)
    progress.note(f"learning tokens from {total / 1e6:,.1f} MB of text")


def _save(tokenizer: "Tokenizer", directory: Path) -> None:
    write_text(directory / TOKENIZER_NAME, tokenizer.to_str(pretty=True) + "\n")


def sample_texts(paths: list[Path], share_bytes: int) -> pa.ChunkedArray:
    """Texts of a corpus in ascending order of hash(seed, id), until they hold `share_bytes`; the last one is cut there.

    Memory holds at most two such samples and a row group.
    """
    texts, hashes, size = pa.chunked_array([], pa.large_string()), np.empty(0, np.uint64), 0
    highest = np.uint64(2**64 - 1)  # of the sample of what was read so far
    for path in paths:
        with open_table(path) as file:
            for group in range(file.num_row_groups):
                ids = file.read_row_group(group, columns=["id"])["id"].to_pylist()
                progress.advance(len(ids))
                new = np.array([hash_int(SAMPLE_SEED, "tokenizer", id) for id in ids], np.uint64)
                wanted = np.flatnonzero(new <= highest)
                if not len(wanted):
                    continue
                column = file.read_row_group(group, columns=["text"])["text"].cast(pa.large_string())
                column = column.take(pa.array(wanted))
                size += _bytes(column)
                texts = pa.chunked_array([*texts.chunks, *column.chunks])
                hashes = np.concatenate([hashes, new[wanted]])
                if size > 2*share_bytes:
                    texts, hashes = _smallest(texts, hashes, share_bytes)
                    size, highest = _bytes(texts), hashes[-1]
    texts, hashes = _smallest(texts, hashes, share_bytes)
    beyond = _bytes(texts) - share_bytes
    if beyond <= 0:
        return texts
    last = texts[len(texts) - 1].as_py().encode()
    last = last[: len(last) - beyond].decode("utf-8", "ignore")  # a character cut in two is left out
    return pa.chunked_array([*texts.slice(0, len(texts) - 1).chunks, pa.array([last], pa.large_string())])


def _smallest(texts: pa.ChunkedArray, hashes: np.ndarray, share_bytes: int) -> tuple[pa.ChunkedArray, np.ndarray]:
    """Those with the smallest hashes that hold `share_bytes`, in ascending order; all of them if they hold less."""
    order = np.argsort(hashes, kind="stable")
    total = np.cumsum(pc.binary_length(texts).to_numpy()[order])
    order = order[: int(np.searchsorted(total, share_bytes, "left")) + 1]
    return pa.chunked_array([texts.take(pa.array(order)).combine_chunks()]), hashes[order]


def _bytes(texts: pa.ChunkedArray) -> int:
    return pc.sum(pc.binary_length(texts)).as_py() or 0


def _document_paths(step: Step, workspace: Workspace) -> list[Path]:
    return workspace.manifest(step).parts("documents")


def _write_transformers_files(directory: Path, token: str, chat: bool) -> None:
    """What `transformers.AutoTokenizer` reads beside tokenizer.json."""
    write_json(directory / "special_tokens_map.json", {"bos_token": token, "eos_token": token})
    write_json(directory / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": token, "eos_token": token,
        "clean_up_tokenization_spaces": False, "add_prefix_space": False,
        **({"chat_template": chatml.TEMPLATE} if chat else {}),
    })
