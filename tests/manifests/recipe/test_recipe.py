"""Recipes: what is read, and that every mistake is named with file, line and key before any work."""

import dataclasses
import re
import typing
from importlib import resources
from pathlib import Path

import pytest

from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.recipe.recipe import Comparison, Dedup, Tokenizer, Training
from maslin.manifests.recipe.sources import SOURCES, Source, source_kind
from maslin.manifests.steps.c4 import C4, C4_STEP
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.presets import PRESETS

GOOD = """\
name: code-inclusion
sources:
  web:  {kind: warc, paths: [crawl/*.warc.gz]}
  wiki: {kind: wikipedia, paths: dump.xml.bz2}
  code: {kind: code, paths: [archives/]}
corpora:
  web-no-code:
    from: web
    steps:
      - language: {keep: [en], min_score: 0.65}
      - c4: {code: drop}
      - exact_dedup
  web-code: {like: web-no-code, set: {c4.code: keep}}
mixtures:
  text-only: {web-no-code: 8, wiki: 2}
  with-code: {web-code: 0.6, wiki: 0.2, code: 0.2}
training: {model: tiny, tokens: 2_000_000, seeds: 2, learning_rate: 1e-3}
comparison: {baseline: text-only, domains: [web-no-code, wiki]}
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    return read_recipe(path)


def test_a_good_recipe_is_resolved(tmp_path):
    recipe = read(tmp_path, GOOD)
    assert recipe.sources["wiki"].paths == ("dump.xml.bz2",)
    assert recipe.sources["web"].max_failed == 0.05
    assert [step.name for step in recipe.corpora["web-code"].steps] == ["language", "c4", "exact_dedup"]
    assert recipe.corpora["web-code"].steps[1].parameters == C4_STEP.resolved(C4(code="keep"))
    assert recipe.corpora["web-no-code"].steps[1].parameters == C4_STEP.resolved(C4(code="drop"))
    assert recipe.corpora["wiki"].source == "wiki" and recipe.corpora["wiki"].steps == ()
    assert recipe.mixtures["text-only"].weights == {"web-no-code": 0.8, "wiki": 0.2}
    assert recipe.training.tokens == 2_000_000 and recipe.training.learning_rate == 1e-3


def test_only_name_and_sources_are_needed(tmp_path):
    recipe = read(tmp_path, "name: n\nsources:\n  web: {kind: jsonl, paths: [a.jsonl]}\n")
    assert list(recipe.corpora) == ["web"] and recipe.comparison is None


@pytest.mark.parametrize("name", ["starter", "demo"])
def test_shipped_recipes_are_valid(name):
    with resources.as_file(resources.files("maslin.manifests") / "recipes" / f"{name}.yaml") as path:
        assert read_recipe(path).comparison is not None


def test_c4_full_is_written_out_in_the_order_of_tfds(tmp_path):
    recipe = read(tmp_path, GOOD.replace("- c4: {code: drop}", "- c4_full", 1))
    steps = recipe.to_json()["corpora"]["web-no-code"]["steps"]
    names = [step["step"] for step in steps]
    start = names.index("c4_length")
    assert names[start : start + 6] == ["c4_length", "c4_url_dedup", "c4", "c4_line_dedup", "language", "offensive"]
    assert steps[start + 4]["parameters"] == {"keep": ["en"], "method": "langdetect", "min_score": 0.99}
    assert steps[start + 3]["parameters"] == {"unit": "line", "min_sentences": 3, "url": "normalised"}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_written_out(tmp_path, name):
    preset = PRESETS[name]
    recipe = read(tmp_path, GOOD.replace("- c4: {code: drop}", f"- {name}", 1).replace("{c4.code: keep}", "{}"))
    steps = recipe.corpora["web-no-code"].steps
    assert list(steps[1:-1]) == [step.resolved() for step in preset.steps] and preset.source


def test_presets_have_the_order_of_their_sources():
    def settings(name: str) -> list[tuple]:
        return [(step.name, getattr(step.parameters, "variant", None)) for step in PRESETS[name].steps]

    assert settings("gopher") == [("gopher_quality", "datatrove"), ("gopher_repetition", "datatrove")]
    assert settings("fineweb_full") == [
        ("language", None), ("gopher_repetition", "datatrove"), ("gopher_quality", "datatrove"), ("c4", "datatrove"),
        ("fineweb", None)]
    assert PRESETS["fineweb_full"].steps[3].parameters.end_marks == "optional"
    assert settings("refinedweb_full") == [
        ("newline_removal", None), ("language", None), ("gopher_quality", "dclm"), ("gopher_repetition", "dclm"),
        ("refinedweb", None)]


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("- exact_dedup", "- c4_full: {code: keep}", 12, "`c4_full` takes no parameters"),
    ("- exact_dedup", "- c4_ful", 12, "no step is called `c4_ful`; did you mean `c4_full`?"),
    ("mixtures:", "mixture:", 14, "unknown key `mixture`; did you mean `mixtures`?"),
    ("min_score: 0.65", "min_scor: 0.65", 10, "unknown key `min_scor`; did you mean `min_score`?"),
    ("min_score: 0.65", "min_score: high", 10, "min_score: expected a number, found `high`"),
    ("min_score: 0.65", "min_score: 1.5", 10, "min_score: 1.5 is too large: at most 1"),
    ("keep: [en]", "keep: [no]", 10, "keep[0]: YAML reads `no` as true or false; put it in quotes"),
    ("code: drop", "code: remove", 11, "`remove` is not one of drop, keep"),
    ("- exact_dedup", "- exact_dedupe", 12, "no step is called `exact_dedupe`; did you mean `exact_dedup`?"),
    ("from: web", "from: webb", 8, "no source is called `webb`; did you mean `web`?"),
    ("like: web-no-code", "like: web-nocode", 13, "no corpus is called `web-nocode`; did you mean `web-no-code`?"),
    ("like: web-no-code", "like: web-code", 13, "goes round in a circle"),
    ("c4.code: keep", "c4.cod: keep", 13, "step `c4` has no parameter `cod`; did you mean `code`?"),
    ("c4.code: keep", "c5.code: keep", 13, "has no step `c5`; did you mean `c4`?"),
    ("{web-no-code: 8, wiki: 2}", "{web-no-code: 0, wiki: 0}", 15, "the weights are all 0"),
    ("{web-no-code: 8, wiki: 2}", "{web-no-code: -1, wiki: 2}", 15, "-1 is too small: at least 0"),
    ("{web-no-code: 8, wiki: 2}", "{web-no-cod: 8}", 15, "no corpus or source is called `web-no-cod`"),
    ("baseline: text-only", "baseline: text", 18, "no mixture is called `text`; did you mean `text-only`?"),
    ("domains: [web-no-code, wiki]", "domains: [books]", 18, "no corpus or source is called `books`"),
    ("domains: [web-no-code, wiki]", "domains: []", 18, "name at least one corpus to score on"),
    ("kind: warc", "kind: wrac", 3,
     "`wrac` is not one of warc, wikipedia, code, jsonl, parquet, chat; did you mean `warc`?"),
    ("tokens: 2_000_000", "tokens: many", 17, "tokens: expected a whole number, found `many`"),
    ("model: tiny", "optimizer: moun", 17, "`moun` is not one of adamw, muon; did you mean `muon`?"),
    ("model: tiny", "schedule: wsd, decay_share: 2.0", 17, "decay_share: 2.0 is too large: at most 1"),
    ("tokens: 2_000_000", "tokens: 0", 17, "0 is too small: at least 1"),
    ("name: code-inclusion", "name: ../etc", 1, "cannot be a name"),
    ("seeds: 2,", "seeds: 2, seeds: 3,", 17, "this key stands twice"),
    ("name: code-inclusion", "title: x", 1, "unknown key `title`"),
    ("sources:\n", "sources:\n  web: [}\n", 3, "not valid YAML"),
])
def test_mistakes_are_named_with_line_and_key(tmp_path, old, new, line, message):
    assert old in GOOD
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    (text,) = caught.value.lines
    assert text.startswith(f"{tmp_path / 'recipe.yaml'}:{line}:"), text
    assert message in text, text


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(RecipeError, match="no such file"):
        read_recipe(tmp_path / "none.yaml")


def test_multiplying_aliases_cost_nothing(tmp_path):
    lists = ["&a [x, x, x, x, x, x, x, x, x, x]"]
    lists += [f"&{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)]
    bomb = "".join(f"    - {entry}\n" for entry in lists)
    with pytest.raises(RecipeError, match=r"sources\.w\.paths\[0\]: expected a single value, found a list"):
        read(tmp_path, f"name: n\nsources:\n  w:\n    kind: jsonl\n    paths:\n{bomb}")


STAGED = """\
  staged:
    stages:
      - {until: 0.75, weights: {web-no-code: 3, wiki: 1}}
      - {weights: {code: 1, wiki: 1}}
training"""


def test_stages_are_shares_of_the_run(tmp_path):
    mixture = read(tmp_path, GOOD.replace("training", STAGED, 1)).mixtures["staged"]
    assert [(stage.until, stage.weights) for stage in mixture.stages] == [
        (0.75, {"web-no-code": 0.75, "wiki": 0.25}), (1.0, {"code": 0.5, "wiki": 0.5})]
    assert mixture.weights == {"web-no-code": 0.5625, "wiki": 0.3125, "code": 0.125}
    assert mixture.to_json() == {"stages": mixture.parameters()["stages"]}


def test_one_stage_is_a_plain_mixture_and_a_corpus_may_be_called_stages(tmp_path):
    plain, one = ("text-only: {web-no-code: 8, wiki: 2}",
                  "text-only: {stages: [{until: 1, weights: {web-no-code: 8, wiki: 2}}]}")
    assert read(tmp_path, GOOD.replace(plain, one)).to_json() == read(tmp_path, GOOD).to_json()
    named = "name: n\nsources: {stages: {kind: jsonl, paths: [a]}}\nmixtures: {m: {stages: 2}}\n"
    assert read(tmp_path, named).mixtures["m"].weights == {"stages": 1.0}


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("until: 0.75, ", "", 19, "`until` is missing"), ("0.75", "0", 19, "0 is not beyond 0, where this stage begins"),
    ("0.75", "1", 19, "1 is the end of the run: no stage can follow"), ("0.75", "1.5", 19, "1.5 is too large"),
    ("{weights", "{until: 0.5, weights", 20, "the last stage ends with the run, not at 0.5"),
    ("wiki: 1}}\ntraining", "wkii: 1}}\ntraining", 20, "no corpus or source is called `wkii`; did you mean `wiki`?"),
    ("{web-no-code: 3, wiki: 1}", "{wiki: 0}", 19, "the weights are all 0"),
    ("{weights: {code: 1, wiki: 1}}", "{until: 1}", 20, "`weights` is missing"),
    ("weights: {code", "weigths: {code", 20, "unknown key `weigths`; did you mean `weights`?"),
    ("    stages:", "    wiki: 1\n    stages:", 18, "unknown key `wiki`"),
    ("seeds: 2", "seeds: 2, simulate_target_tokens: 1000", 21, "1,000 is less than `tokens`, 2,000,000"),
    ("seeds: 2", "seeds: 2, schedule: wsd, horizons: [0.5]", 17, "stages do not go with training.horizons"),
])
def test_mistakes_in_stages_and_targets_are_named(tmp_path, old, new, line, message):
    text = GOOD.replace("training", STAGED, 1)
    assert old in text
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, text.replace(old, new, 1))
    (text,) = caught.value.lines
    assert text.startswith(f"{tmp_path / 'recipe.yaml'}:{line}:") and message in text


SHARDS = """\
name: n
token_shards:
  books: {kind: megatron, paths: [a/*.idx, b/c, d/e.bin]}
tokenizer: {path: t.json}
mixtures: {m: {books: 1}}
"""


def test_token_shards_need_no_source_and_name_pairs(tmp_path):
    recipe = read(tmp_path, SHARDS)
    assert recipe.token_shards["books"].file_patterns() == [
        "a/*.idx", "a/*.bin", "b/c.idx", "b/c.bin", "d/e.idx", "d/e.bin"]
    assert recipe.corpora == {} and recipe.to_json()["token_shards"]["books"]["kind"] == "megatron"
    assert "paths" not in recipe.identity_json()["token_shards"]["books"]


def test_where_a_model_lies_is_no_part_of_what_it_is(tmp_path):
    here, there = (
        read(tmp_path, f"name: n\nsources: {{s: {{kind: chat, paths: [a]}}}}\ntraining: {{init_from: {place}}}\n")
        for place in ("run/a-s0@1", "/elsewhere/run/a-s0@1"))
    assert here.to_json() != there.to_json() and here.identity_json() == there.identity_json()


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("tokenizer: {path: t.json}", "tokenizer: {vocab_size: 300}", 2, "their ids are those of one tokenizer"),
    ("kind: megatron", "kind: megatrn", 3, "did you mean `megatron`?"),
    ("[a/*.idx, b/c, d/e.bin]", "[]", 3, "name at least one path"),
    ("name: n", "name: n\nsources: {books: {kind: jsonl, paths: [a]}}", 4, "`books` is a source or corpus already"),
    ("mixtures: {m: {books: 1}}", "dedup: {across: [books]}", 5, "no corpus or source is called `books`"),
    ("token_shards:\n  books: {kind: megatron, paths: [a/*.idx, b/c, d/e.bin]}\n", "", 1, "`sources` is missing"),
])
def test_mistakes_in_token_shards_are_named(tmp_path, old, new, line, message):
    assert old in SHARDS
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, SHARDS.replace(old, new, 1))
    (text,) = caught.value.lines
    assert text.startswith(f"{tmp_path / 'recipe.yaml'}:{line}:") and message in text


def test_parquet_columns_may_have_other_names(tmp_path):
    source = "{kind: parquet, paths: [a.parquet], columns: {text: content}}"
    recipe = read(tmp_path, f"name: n\nsources: {{p: {source}}}\n")
    assert recipe.sources["p"].options_json() == {"columns": {
        "text": "content", "id": None, "url": None, "date": None, "language": None, "licence": None}}
    with pytest.raises(RecipeError, match="unknown key `txt`; did you mean `text`"):
        read(tmp_path, f"name: n\nsources: {{p: {source.replace('text:', 'txt:')}}}\n")


@pytest.mark.parametrize(("steps", "expected"), [
    ("[]", ["one_extractor"]),
    ("[gopher_quality, exact_dedup, c4]", ["gopher_quality", "one_extractor", "exact_dedup", "c4"]),
    ("[c4_line_dedup]", ["one_extractor", "c4_line_dedup"]),
    ("[one_extractor, gopher_quality]", ["one_extractor", "gopher_quality"]),
])
def test_a_corpus_of_several_extractors_keeps_one_text_of_a_page(tmp_path, steps, expected):
    path = tmp_path / "r.yaml"
    path.write_text("name: n\nsources:\n  one: {kind: warc, paths: [x]}\n"
                    "  two: {kind: warc, paths: [x], extractors: [maslin, resiliparse]}\n"
                    f"corpora:\n  a: {{from: two, steps: {steps}}}\n  b: {{like: a, set: {{}}}}\n"
                    "  c: {from: one, steps: [exact_dedup]}\n")
    corpora = read_recipe(path).corpora
    assert [[step.name for step in corpora[name].steps] for name in "abc"] == [expected, expected, ["exact_dedup"]]


def _numbers(kind) -> list[tuple[str, dict]]:
    """The fields of a class in a recipe that hold numbers, and their bounds."""
    hints = typing.get_type_hints(kind)
    return [(f"{kind.__name__}.{field.name}", dict(field.metadata)) for field in dataclasses.fields(kind)
            if re.search(r"\b(int|float)\b", str(hints[field.name]))]


@pytest.mark.parametrize("kind", [
    Training, Comparison, Tokenizer, Dedup, Source, *(spec.parameters for spec in STEPS.values()),
    *(source_kind(kind).options for kind in SOURCES)])
def test_every_number_of_a_recipe_has_bounds_at_both_ends(kind):
    assert [name for name, bounds in _numbers(kind) if not {"min", "max"} <= bounds.keys()] == []
