"""Token shards to Megatron's format and back, checked by a reader written from its description alone."""

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from maslin.curation.tokens.export import export_megatron
from maslin.curation.tokens.megatron import read_index, write_index
from maslin.curation.tokens.shards import build_tokens
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.tables import read_table
from maslin.manifests.workspace import Step, Workspace, read_manifest, serial_map, verify
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step


def read_megatron(prefix):
    """The documents of a pair, each a list of its sequences, as Megatron-LM's IndexedDataset reads them."""
    index, data = Path(f"{prefix}.idx").read_bytes(), Path(f"{prefix}.bin").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, boundaries = struct.unpack_from("<QBQQ", index, 9)
    assert version == 1
    letter, size = {8: ("H", 2), 4: ("i", 4)}[code]
    lengths = struct.unpack_from(f"<{sequences}i", index, 34)
    pointers = struct.unpack_from(f"<{sequences}q", index, 34 + 4 * sequences)
    edges = struct.unpack_from(f"<{boundaries}q", index, 34 + 12 * sequences)
    assert len(index) == 34 + 12 * sequences + 8 * boundaries
    read = [list(struct.unpack_from(f"<{length}{letter}", data, pointer))
            for length, pointer in zip(lengths, pointers, strict=True)]
    assert sum(lengths) * size == len(data)
    return [read[first:end] for first, end in pairwise(edges)]


def write_megatron(prefix, documents, code=8):
    """A pair of files: `documents` are lists of sequences of ids."""
    letter, size = {1: ("B", 1), 8: ("H", 2), 4: ("i", 4), 5: ("q", 8)}[code]
    sequences = [sequence for document in documents for sequence in document]
    lengths = [len(sequence) for sequence in sequences]
    edges = np.cumsum([0, *(len(document) for document in documents)]).tolist()
    with open(f"{prefix}.bin", "wb") as file:
        for sequence in sequences:
            file.write(struct.pack(f"<{len(sequence)}{letter}", *sequence))
    with open(f"{prefix}.idx", "wb") as file:
        file.write(b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, code, len(sequences), len(edges)))
        file.write(struct.pack(f"<{len(lengths)}i", *lengths))
        file.write(struct.pack(f"<{len(lengths)}q", *(np.cumsum([0, *lengths])[:-1] * size).tolist()))
        file.write(struct.pack(f"<{len(edges)}q", *edges))


@pytest.fixture
def made(tmp_path):
    """A workspace, a tokens step of 30 documents in parts (one of them empty), and its tokenizer's step."""
    workspace, texts = Workspace(tmp_path / "w"), [*texts_of(29, 20), "Größe 麦 " * 4]
    corpus = corpus_step(workspace, "a", [texts[:7], [], texts[7:8], texts[8:]])
    tokenizer = tokenizer_step(workspace, [corpus])
    return workspace, tokens_step(workspace, corpus, tokenizer), tokenizer


def imported(workspace, tokenizer, folder, name="back"):
    inputs = [
        InputFile(path.name, path, path.stat().st_size, "digest")
        for path in sorted(folder.iterdir()) if path.suffix in (".idx", ".bin")]
    files = {f"input:{file.name}": file.digest for file in inputs}
    step = Step("tokens", name, 1, {"kind": "megatron"}, {**files, "tokenizer": tokenizer})
    return workspace.path(step), build_tokens(step, workspace, serial_map, inputs)


def ids_of(directory, dtype="<u2"):
    return np.concatenate([np.fromfile(path, dtype) for path in sorted((directory / "tokens").iterdir())])


def test_what_is_exported_reads_as_the_documents_of_the_shards(made, tmp_path):
    workspace, tokens, tokenizer = made
    files = export_megatron(workspace.path(tokens), tmp_path / "out").files
    assert {path.relative_to(tmp_path / "out").as_posix() for path in files} == {
        "a.bin", "a.idx", "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json"}
    ids = ids_of(workspace.path(tokens))
    end = read_manifest(workspace.path(tokens)).summary["end_of_text"]
    documents = read_megatron(tmp_path / "out" / "a")
    assert [len(document) for document in documents] == [1] * 30
    assert [id for (sequence,) in documents for id in sequence] == ids.tolist()
    assert all(sequence.index(end) == len(sequence) - 1 for (sequence,) in documents)
    assert (tmp_path / "out/tokenizer/tokenizer.json").read_bytes() == (
        workspace.path(tokenizer) / "tokenizer.json").read_bytes()


def test_there_and_back_every_token_and_every_byte_count_is_the_same(made, tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.curation.tokens.readers.PART_BYTES", 700)
    workspace, tokens, tokenizer = made
    export_megatron(workspace.path(tokens), tmp_path / "out")
    directory, manifest = imported(workspace, tokenizer, tmp_path / "out")
    assert verify(directory) == [] and len(list((directory / "tokens").iterdir())) > 2
    ours, theirs = (
        [read_table(path) for path in sorted((root / "index").iterdir())]
        for root in (workspace.path(tokens), directory))
    assert np.array_equal(ids_of(directory), ids_of(workspace.path(tokens)))
    assert manifest.sizes == read_manifest(workspace.path(tokens)).sizes
    assert manifest.summary == read_manifest(workspace.path(tokens)).summary
    for name in ("bytes", "length"):
        counts = [
            [row["end"] - row["start"] if name == "length" else row["bytes"] for table in tables
             for row in table.to_pylist()] for tables in (ours, theirs)]
        assert counts[0] == counts[1]
    names = [id for table in theirs for id in table["id"].to_pylist()]
    assert len(set(names)) == 30


@pytest.mark.parametrize("code", [1, 4, 5, 8])
def test_documents_of_others_may_have_several_sequences_and_no_end_of_text(made, tmp_path, code):
    workspace, _, tokenizer = made
    end = read_manifest(workspace.path(tokenizer)).summary["end_of_text"]
    folder = tmp_path / "theirs"
    folder.mkdir()
    write_megatron(folder / "x", [[[70, 71], [72]], [], [[73, end]], [[]], [[74]]], code)
    directory, manifest = imported(workspace, tokenizer, folder)
    assert ids_of(directory).tolist() == [70, 71, 72, end, 73, end, 74, end]
    assert manifest.sizes["documents"] == 3 and manifest.sizes["bytes"] == 5


def test_damage_and_other_tokenizers_are_refused(made, tmp_path):
    workspace, _, tokenizer = made
    folder = tmp_path / "theirs"
    folder.mkdir()

    def refused(message, kind=DataError):
        with pytest.raises(kind, match=message):
            imported(workspace, tokenizer, folder)

    write_megatron(folder / "x", [[[70]], [[5000]]])
    refused("number 1 of part 0, has the token id 5000, but the vocabulary of the tokenizer has [0-9]+: these tokens")
    write_megatron(folder / "x", [[[70]], [[-1]]], code=4)
    refused("number 1 of part 0, has the token id -1")
    write_megatron(folder / "x", [[[70, 71, 72]]])
    good = (folder / "x.idx").read_bytes()
    for content, message in [
        (good[:20], "does not begin with MMIDIDX"), (b"TNTIDX" + good[6:], "does not begin with MMIDIDX"),
        (good[:9] + b"\x02" + good[10:], "version 2"), (good[:17] + b"\x06" + good[18:], "type code 6 is none"),
        (good[:-1], "cut short"), (good[:18] + b"\xff" * 7 + b"\x0f" + good[26:], "cut short"),
        (good[:34] + b"\x63" + good[35:], "points outside"), (good[:38] + b"\xff" * 8 + good[46:], "points outside"),
        (good[:38] + b"\xff" * 7 + b"\x7f" + good[46:], "points outside"),
        (good[:-8] + b"\x05" + good[-7:], "are not its 1 sequences"),
    ]:
        (folder / "x.idx").write_bytes(content)
        refused(message)
    (folder / "x.idx").unlink()
    refused(r"x\.idx is not beside it", UsageError)


def test_only_token_shards_are_exported_and_no_file_is_replaced(made, tmp_path):
    workspace, tokens, tokenizer = made
    with pytest.raises(UsageError, match="holds tokenizer; give a directory of tokens"):
        export_megatron(workspace.path(tokenizer), tmp_path / "out")
    export_megatron(workspace.path(tokens), tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        export_megatron(workspace.path(tokens), tmp_path / "out")


def test_held_out_documents_stay_where_they_are(made, tmp_path):
    workspace, _, tokenizer = made
    held_out = corpus_step(workspace, "a", [["some words"]], kind="held_out")
    with pytest.raises(UsageError, match="holds held-out documents"):
        export_megatron(workspace.path(tokens_step(workspace, held_out, tokenizer)), tmp_path / "out")


def test_large_vocabularies_are_signed_four_byte_ids(tmp_path):
    lengths = np.array([3, 1], np.int32)
    write_index(tmp_path / "x.idx", np.dtype("<i4"), lengths)
    np.array([70_000, 1, 2, 3], "<u4").tofile(tmp_path / "x.bin")
    assert read_megatron(tmp_path / "x") == [[[70_000, 1, 2]], [[3]]]
    index = read_index(tmp_path / "x.idx", 16)
    assert index.dtype == np.dtype("<i4") and index.pointers.tolist() == [0, 12]


def test_an_empty_index_is_no_documents(made, tmp_path):
    workspace, _, tokenizer = made
    (tmp_path / "theirs").mkdir()
    write_megatron(tmp_path / "theirs" / "x", [])
    assert imported(workspace, tokenizer, tmp_path / "theirs")[1].sizes["documents"] == 0
    write_megatron(tmp_path / "theirs" / "x", [[[]], []])
    assert imported(workspace, tokenizer, tmp_path / "theirs", "empty")[1].sizes["documents"] == 0
