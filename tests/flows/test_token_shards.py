"""Token shards made elsewhere in a recipe: from Megatron's files to a mixture and a run, with nothing curated."""

import numpy as np
import pytest

from maslin.curation.tokens.export import export_megatron
from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.workspace import Workspace
from maslin.trainer.data.token_shards import TokenCorpus
from tests.token_steps import corpus_step, texts_of, tokenizer_step, tokens_step

RECIPE = """\
name: elsewhere
token_shards:
  books: {kind: megatron, paths: [made/*.idx]}
tokenizer: {path: made/tokenizer/tokenizer.json}
mixtures: {all: {books: 1}}
training: {model: tiny, context_tokens: 32, batch_tokens: 64, tokens: 128, seeds: 1}
"""


@pytest.mark.slow
def test_from_megatrons_files_to_a_run(tmp_path):
    workspace, texts = Workspace(tmp_path / "theirs"), texts_of(20, 20)
    corpus = corpus_step(workspace, "books", [texts[:7], texts[7:]])
    tokens = tokens_step(workspace, corpus, tokenizer_step(workspace, [corpus]))
    export_megatron(workspace.path(tokens), tmp_path / "made")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    ours = tmp_path / "ours"
    arguments = [str(recipe), "--workspace", str(ours), "--prefect", "off", "--workers", "1"]
    assert main(["train", *arguments]) == 0
    lock = read_json(ours / "recipes" / "elsewhere.lock.json")
    with TokenCorpus(ours / lock["tokens"]["books"]) as back, TokenCorpus(workspace.path(tokens)) as there:
        assert np.array_equal(back.read(0, back.tokens), there.read(0, there.tokens))
    assert (ours / lock["runs"]["all-s0"] / "metrics.jsonl").is_file()
    assert main(["mix", *arguments]) == 0 and main(["status", str(recipe), "--workspace", str(ours)]) == 0


def test_half_a_pair_and_shards_in_a_comparison_are_refused(tmp_path, capsys):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    (tmp_path / "made" / "tokenizer").mkdir(parents=True)
    (tmp_path / "made" / "x.idx").write_bytes(b"")
    assert main(["mix", str(recipe), "--workspace", str(tmp_path / "w"), "--prefect", "off"]) == 2
    assert "token_shards.books.paths: `made/*.bin` matches nothing" in capsys.readouterr().err
    recipe.write_text(RECIPE + "sources: {s: {kind: jsonl, paths: [a]}}\ncomparison: {baseline: all, domains: [s]}\n")
    assert main(["compare", str(recipe), "--workspace", str(tmp_path / "w")]) == 2
    assert "recipe.yaml:5:18: mixtures.all.books: `books` are token shards" in capsys.readouterr().err
