"""Languages a recipe keeps: only what the identifier has a label for, and the nearest one said."""

import os
import subprocess
import sys

import pytest

from maslin.curation import resources
from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.steps.language import Language
from maslin.manifests.steps.language_codes import labels, nearest
from tests.curation.models import needs_model

RECIPE = """name: x
sources: {{s: {{kind: jsonl, paths: [a.jsonl]}}}}
corpora:
  a: {{from: s, steps: [language: {{keep: {keep}, method: {method}}}]}}
  b: {{like: a, set: {set}}}
"""


def recipe(tmp_path, keep="[en]", method="lid176", set="{}"):
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.format(keep=keep, method=method, set=set))
    return read_recipe(path)


@pytest.mark.parametrize(("word", "of_lid176", "of_langdetect"), [
    ("eng", "en", "en"), ("zh-cn", "zh", "zh-cn"), ("zh", "zh", "zh-cn"), ("zh_Hant", "zh", "zh-tw"),
    ("english", "en", "en"), ("EN", "en", "en"), ("pt-BR", "pt", "pt"), ("ger", "de", "de"), ("Germann", "de", "de"),
    ("iw", "he", "he"), ("jp", "ja", "ja"), ("nob", "no", "no"), ("cantonese", "yue", None), ("qqq", None, None),
])
def test_the_nearest_label_is_of_the_language_that_people_mean(word, of_lid176, of_langdetect):
    assert (nearest(word, "lid176"), nearest(word, "langdetect")) == (of_lid176, of_langdetect)


def test_every_label_is_itself_and_each_identifier_answers_by_them():
    for method, number in (("lid176", 176), ("langdetect", 56)):
        assert len(set(labels(method))) == number and all(nearest(label, method) == label for label in labels(method))
        assert Language(keep=labels(method), method=method).wrong() is None


def test_the_labels_are_the_identifiers_own():
    package = pytest.importorskip("langdetect.detector_factory")
    profiles = {name for name in os.listdir(package.PROFILES_DIRECTORY) if not name.startswith((".", "_"))}
    assert profiles | {"und"} == {*labels("langdetect")}


@needs_model("lid176")
def test_lid176_has_these_labels():
    from maslin.curation.text.language import lid176

    assert set(lid176.load(resources.path("lid176")).labels) == {*labels("lid176")}


@pytest.mark.parametrize(("written", "words"), [
    ({"keep": "[en, eng]"}, r"r.yaml:4:\d+: corpora.a.steps\[0\].language.keep: lid176 has no label `eng`; .* `en`"),
    ({"keep": "zh-cn"}, "did you mean `zh`"), ({"keep": "[qqq]"}, "known here: af, als, am"),
    ({"method": "langdetect", "keep": "[zh]"}, "langdetect has no label `zh`; did you mean `zh-cn`"),
    ({"set": "{language.keep: [deu]}"}, r"r.yaml:5:\d+: corpora.b.set.language.keep: .* `de`"),
    ({"keep": "[zh]", "set": "{language.method: langdetect}"}, r"corpora.b.set: langdetect has no label `zh`"),
])
def test_what_no_document_can_be_is_refused_with_the_recipe(tmp_path, written, words):
    with pytest.raises(RecipeError, match=words):
        recipe(tmp_path, **written)


def test_settings_are_judged_together(tmp_path):
    read = recipe(tmp_path, set="{language.method: langdetect, language.keep: [zh-cn]}")
    assert read.corpora["b"].steps[0].parameters == Language(("zh-cn",), "langdetect")


def test_reading_such_a_recipe_stays_light(tmp_path):
    recipe(tmp_path)
    code = ("import sys; from pathlib import Path; from maslin.manifests.recipe.reading import read_recipe; "
            "read_recipe(Path(sys.argv[1])); print([m for m in ('numpy', 'numba', 'pyarrow') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "r.yaml"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
