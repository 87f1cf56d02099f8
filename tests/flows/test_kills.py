"""Killed at twenty moments over all stages, a comparison ends in the same bytes (`tests.flows.kills`: hundreds)."""

import pytest

from tests.flows.curated import write_inputs
from tests.flows.kills import run_killed, spread
from tests.flows.test_laws import content

RECIPE = """\
name: killed
sources: {mine: {kind: jsonl, paths: [mine.jsonl.gz]}}
corpora:
  plain: {from: mine, steps: [exact_dedup, near_dedup]}
  strict: {from: mine, steps: [{gopher_quality: {min_words: 60, min_stop_words: 1}}, exact_dedup, near_dedup]}
tokenizer: {kind: bpe, vocab_size: 300}
mixtures: {plain: {plain: 1}, strict: {strict: 1}}
training: {model: tiny, tokens: 1024, seeds: 2, max_epochs: 1000, context_tokens: 64, batch_tokens: 256}
comparison: {baseline: plain, domains: [plain], held_out_share: 0.2, max_bytes_per_domain: 2000}
"""
KINDS = {"documents", "dedup", "split", "held_out", "segment", "corpus", "tokenizer", "tokens", "mixture", "run",
         "evaluation", "report"}


@pytest.mark.slow
def test_twenty_kills_over_all_stages_end_in_the_same_bytes(tmp_path):
    write_inputs(tmp_path, documents=60)
    (tmp_path / "recipe.yaml").write_text(RECIPE)

    def arguments(name: str) -> list[str]:
        return ["compare", str(tmp_path / "recipe.yaml"), "--workspace", str(tmp_path / name), "--prefect", "off",
                "--engine", "serial"]

    kills, seen = run_killed(arguments("whole"), {})
    assert kills == 0 and seen.keys() >= KINDS
    chosen = spread({kind: seen[kind] for kind in KINDS}, 20)
    assert all(chosen.values())
    kills, _ = run_killed(arguments("killed"), chosen)
    assert kills == 20
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
