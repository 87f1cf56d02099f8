"""What is exported for Hugging Face `datasets` opens there, streaming or not, and holds what the corpus holds."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maslin.curation.ingest.records import NoWatch
from maslin.curation.ingest.rows import parquet
from maslin.curation.tokens.export import export_datasets
from maslin.curation.tokens.shards import build_tokens
from maslin.flows.cli import main
from maslin.flows.commands.export import FORMS
from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.named import named
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.tables import DOCUMENTS
from maslin.manifests.workspace import Step, Workspace, serial_map
from maslin.trainer.data.token_shards import TokenCorpus
from tests.curation.ingest.rows.test_parquet import OPTIONS
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    workspace, texts = Workspace(tmp_path_factory.mktemp("export")), texts_of(30, 20)
    parts = [texts[:7], [], texts[7:]]
    corpus = corpus_step(workspace, "a", parts, extra={"licence": [["MIT"] * 7, [], [None, "| <b>"] + ["MIT"] * 21]})
    return workspace, corpus, tokens_step(workspace, corpus, tokenizer_step(workspace, [corpus])), texts


def loaded(folder, cache, streaming):
    datasets = pytest.importorskip("datasets")
    options = {} if streaming else {"cache_dir": str(cache)}
    return list(datasets.load_dataset(str(folder), split="train", streaming=streaming, **options))


@pytest.mark.slow  # to import `datasets` takes seconds
@pytest.mark.parametrize("streaming", [True, False])
def test_a_corpus_opens_in_datasets(made, tmp_path, streaming):
    workspace, corpus, _, texts = made
    export_datasets(workspace.path(corpus), tmp_path / "out")
    rows = loaded(tmp_path / "out", tmp_path / "cache", streaming)
    assert [row["text"] for row in rows] == texts and rows[0]["licence"] == "MIT" and len(rows[0]["id"]) == 32
    parts = workspace.manifest(corpus).parts("documents")
    for path, part in zip(sorted((tmp_path / "out/data").iterdir()), parts, strict=True):
        others = [name for name in DOCUMENTS.names if name != "date"]  # all else as it lies
        assert pq.read_table(path, columns=others) == pq.read_table(part).select(others)


def test_token_shards_open_in_datasets(made, tmp_path):
    workspace, _, tokens, _ = made
    export_datasets(workspace.path(tokens), tmp_path / "out")
    rows = loaded(tmp_path / "out", tmp_path / "cache", streaming=True)
    with TokenCorpus(workspace.path(tokens)) as ours:
        table = ours.document_table()
        assert [row["id"] for row in rows] == table["id"].to_pylist()
        assert [id for row in rows for id in row["input_ids"]] == ours.read(0, ours.tokens).tolist()
        assert [len(row["input_ids"]) for row in rows] == (table["end"].to_numpy() - table["start"].to_numpy()).tolist()
    schema = pq.read_schema(tmp_path / "out/data/train-00000-of-00003.parquet")
    assert str(schema.field("input_ids").type.value_type) == "uint16"


def test_an_exported_corpus_is_a_source_again(made, tmp_path):
    workspace, corpus, _, texts = made
    export_datasets(workspace.path(corpus), tmp_path / "out")
    files = [InputFile(path.name, path, path.stat().st_size, "d") for path in sorted((tmp_path / "out/data").iterdir())]
    found = [item for split in parquet.splits(files, OPTIONS) for item in parquet.read(split, OPTIONS, NoWatch())]
    assert [item.text for item in found] == texts and found[0].licence == "MIT"


def imported(made, files):
    workspace, _, tokens, _ = made
    inputs = [InputFile(path.name, path, path.stat().st_size, str(path)) for path in files]
    step = Step("tokens", "back", 1, {"kind": "parquet"}, {
        **{f"input:{file.name}": file.digest for file in inputs}, "tokenizer": tokens.input_steps()["tokenizer"]})
    return workspace.path(step), build_tokens(step, workspace, serial_map, inputs)


def test_exported_token_shards_come_back_with_every_token_and_every_document(made, tmp_path):
    workspace, _, tokens, _ = made
    exported = export_datasets(workspace.path(tokens), tmp_path / "out")
    files = [path for path in exported.files if path.suffix == ".parquet"]
    directory, manifest = imported(made, files)
    assert manifest.sizes == workspace.manifest(tokens).sizes
    with TokenCorpus(directory) as back, TokenCorpus(workspace.path(tokens)) as there:
        assert back.document_table().equals(there.document_table())
        assert np.array_equal(back.read(0, back.tokens), there.read(0, there.tokens))


def test_tokens_of_others_are_taken_as_they_are_in_parts_of_row_groups(made, tmp_path, monkeypatch):
    monkeypatch.setattr("maslin.curation.tokens.readers.PART_BYTES", 300)
    lists = [[70 + row % 5] * (row + 1) for row in range(40)]
    table = pa.table({"input_ids": pa.array([*lists, None, []], pa.large_list(pa.int64()))})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=5)
    directory, manifest = imported(made, [tmp_path / "x.parquet"])
    assert manifest.sizes["documents"] == 40 and len(list((directory / "tokens").iterdir())) > 2
    with TokenCorpus(directory) as back:
        assert back.read(0, back.tokens).tolist() == [id for ids in lists for id in [*ids, back.end_of_text]]


@pytest.mark.parametrize(("table", "words"), [
    ({"ids": [[1]]}, "no column `input_ids` of lists of whole numbers; there are ids"),
    ({"input_ids": [5]}, "no column"), ({"input_ids": [[5000]]}, "has the token id 5000"),
    ({"input_ids": [[1, None]]}, "row 0: a token id is null"),
])
def test_what_holds_no_tokens_is_refused(made, tmp_path, table, words):
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=words):
        imported(made, [tmp_path / "x.parquet"])
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        imported(made, [tmp_path / "x.parquet"])


def test_the_card_counts_licences_and_shows_no_text_of_documents(made, tmp_path):
    workspace, corpus, tokens, _ = made
    export_datasets(workspace.path(corpus), tmp_path / "out")
    card = (tmp_path / "out/README.md").read_text()
    assert "30 documents, made by Maslin: corpus `a@" in card
    assert "| MIT | 28 |" in card and "| not known | 1 |" in card and "| other | 1 |" in card and "<b>" not in card
    export_datasets(workspace.path(tokens), tmp_path / "tokens")
    assert "each document ends with the end-of-text id 0" in (tmp_path / "tokens/README.md").read_text()


@pytest.mark.parametrize(("form", "scheme"), [("minhash", "affine32"), ("minhash-legacy", "legacy")])
def test_signatures_are_an_index_of_datasketch(made, tmp_path, form, scheme):
    import datasketch

    workspace, corpus, _, texts = made
    directory = workspace.path(corpus)
    exported = named(FORMS[form])(directory, tmp_path)
    rows = pa.concat_tables([pq.read_table(path) for path in exported.files]).to_pylist()
    index = datasketch.MinHashLSH(0.8, 128)
    for row in rows:
        index.insert(row["id"], datasketch.LeanMinHash.deserialize(row["minhash"]))
    assert len(rows) == len(texts)
    words = texts[0].lower().split()
    asked = datasketch.MinHash(128, scheme=scheme)
    asked.update_batch(" ".join(words[i:i + 5]).encode() for i in range(len(words) - 4))
    assert rows[0]["id"] in index.query(asked)
    with pytest.raises(UsageError, match="exists already"):
        named(FORMS[form])(directory, tmp_path)


def test_what_is_no_corpus_is_refused_and_no_file_replaced(made, tmp_path):
    workspace, corpus, tokens, _ = made
    with pytest.raises(UsageError, match="give a directory of documents or corpus or tokens"):
        export_datasets(workspace.path(tokens.input_steps()["tokenizer"]), tmp_path / "out")
    export_datasets(workspace.path(corpus), tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        export_datasets(workspace.path(corpus), tmp_path / "out")


def test_the_command_says_what_it_wrote_and_imports_neither_datasets_nor_pandas(made, tmp_path, capsys):
    workspace, corpus, tokens, _ = made
    assert main(["export", str(workspace.path(tokens)), "--to", "megatron", str(tmp_path / "m")]) == 0
    assert "a.idx" in capsys.readouterr().out
    assert main(["export", str(workspace.path(corpus)), "--to", "megatron", str(tmp_path / "m")]) == 2
    assert "holds corpus; give a directory of tokens" in capsys.readouterr().err
    code = ("import sys; from maslin.flows.cli import command; assert command() == 0; "
            "assert not {'datasets', 'torch', 'pandas'} & set(sys.modules)")
    arguments = ["export", workspace.path(corpus), "--to", "datasets", tmp_path / "d"]
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True)
