"""Evaluation sets in a recipe: what may be written, and what is wrong with the rest."""

import pytest

from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.evaluation_sets import EvaluationSet, joined
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.steps.decontamination import Decontamination

HEAD = "name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\n"


def read(tmp_path, text):
    path = tmp_path / "r.yaml"
    path.write_text(HEAD + text)
    return read_recipe(path)


def test_what_may_be_written(tmp_path):
    recipe = read(tmp_path, "evaluation_sets:\n  arc: {paths: [arc/*.gz], fields: [question + answer, question]}\n"
                            "  mine: {paths: my.parquet, fields: text, id: key}\n")
    assert recipe.evaluation_sets == {
        "arc": EvaluationSet(("arc/*.gz",), ("question + answer", "question")),
        "mine": EvaluationSet(("my.parquet",), ("text",), "key")}
    assert recipe.decontamination == Decontamination() and joined("question + answer") == ["question", "answer"]
    assert recipe.place("evaluation_sets.arc.paths[0]").endswith("r.yaml:4:17: evaluation_sets.arc.paths[0]")
    assert recipe.to_json()["evaluation_sets"]["mine"]["fields"] == ("text",)
    assert "paths" not in recipe.identity_json()["evaluation_sets"]["mine"]
    sets = "evaluation_sets: {a: {paths: a.jsonl}}\n"
    assert read(tmp_path, sets + "decontamination: false\n").decontamination is None
    assert read(tmp_path, sets + "decontamination: {share: 0.3}\n").decontamination == Decontamination(share=0.3)


def test_a_recipe_without_sets_says_nothing_of_them(tmp_path):
    assert not {"evaluation_sets", "decontamination"} & set(read(tmp_path, "").to_json())


@pytest.mark.parametrize(("text", "said"), [
    ("evaluation_sets: {}\n", "evaluation_sets: name at least one set"),
    ("evaluation_sets: {a: {fields: [text]}}\n", "evaluation_sets.a: `paths` is missing"),
    ("evaluation_sets: {a: {paths: []}}\n", "evaluation_sets.a.paths: name at least one path"),
    ("evaluation_sets: {a: {paths: $HOME/a.jsonl}}\n", "evaluation_sets.a.paths: `$HOME` stands for something"),
    ("evaluation_sets: {a/b: {paths: a.jsonl}}\n", "evaluation_sets.a/b: `a/b` cannot be a name"),
    ("evaluation_sets: {a: {paths: a.jsonl, field: x}}\n", "unknown key `field`; did you mean `fields`?"),
    ("evaluation_sets: {a: {paths: a.jsonl, fields: [text, x + ]}}\n", "evaluation_sets.a.fields[1]: `x +` names"),
    ("evaluation_sets: {a: {paths: a.jsonl}}\ndecontamination: true\n", "decontamination: expected false, or"),
    ("evaluation_sets: {a: {paths: a.jsonl}}\ndecontamination: {share: 2}\n", "decontamination.share: 2 is too large"),
    ("evaluation_sets: {a: {paths: a.jsonl}}\ndecontamination: {least_words: 20}\n",
     "decontamination.least_words: 20 words are more than an n-gram's, 13"),
    ("decontamination: {share: 0.3}\n", "decontamination: there is nothing to look for: name `evaluation_sets`, too"),
])
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, said):
    with pytest.raises(RecipeError) as error:
        read(tmp_path, text)
    (line,) = error.value.lines
    assert said in line
