"""Every command answers with `--json`, and what it prints is what docs/json-schema.json says."""

import argparse
import json
import runpy
from pathlib import Path

import pytest

from maslin.flows import cli
from maslin.flows.commands.completion import SHELLS
from maslin.flows.demo import demo
from maslin.flows.demo.demo_inputs import DemoInputs
from tests.flows.small_inputs import RECIPE, write_all

DOCS = Path(__file__).resolve().parents[3] / "docs"
MADE = runpy.run_path(str(DOCS / "make_json.py"))

# Command → its words on a workspace where everything is built; `W` stands for the workspace, `R` for the recipe, `T`
# for a folder that is empty. What is not here is not tested, which a test sees.
CALLS = {
    "maslin curate": ["curate", "R", "--prefect", "off"],
    "maslin mix": ["mix", "R", "--prefect", "off"],
    "maslin train": ["train", "R", "--prefect", "off"],
    "maslin compare": ["compare", "R", "--prefect", "off"],
    "maslin init": ["init", "T/recipe.yaml"],
    "maslin status": ["status"],
    "maslin manifest show": ["manifest", "show", "corpus/web-code"],
    "maslin manifest verify": ["manifest", "verify", "W"],
    "maslin manifest diff": ["manifest", "diff", "corpus/web-code", "corpus/web-no-code"],
    "maslin export": ["export", "corpus/web-code", "T", "--to", "csv"],
    "maslin explain": ["explain", "wiki"],
    "maslin funnel": ["funnel", "R"],
    "maslin sample": ["sample", "web-no-code", "--edited-by", "c4"],
    "maslin rules": ["rules"],
    "maslin rules try": ["rules", "try", "R", "--set", "c4.min_sentences=4"],
    "maslin rules recall": ["rules", "recall", "R", "--corpus", "web-code", "--pairs", "20"],
    "maslin plan": ["plan", "R", "--gpu-hours", "2"],
    "maslin generate": ["generate", "run/text-only-s0", "--tokens", "3", "--prompt", "The"],
    "maslin clean": ["clean"],
    "maslin setup": ["setup"],
    "maslin demo": ["demo", "--prefect", "off"],
    "maslin completion": ["completion", next(iter(SHELLS))],
}
MORE = [
    ["status", "R"], ["manifest", "show", "report/small"], ["sample", "web-code", "--dropped-by", "c4"],
    ["export", "tokens/wiki", "T", "--to", "megatron"], ["plan", "--tokens", "1e9"],
    ["curate", "R", "--dry-run"], ["compare", "R", "--dry-run", "--verbose", "--limit", "5"],
    ["manifest", "show", "held_out/wiki"], ["explain", "wiki", "--corpus", "wiki"],
    ["compare", "R", "--until-decided", "--rounds", "3", "--dry-run"],
    ["compare", "R", "--until-decided", "--rounds", "2", "--prefect", "off"],
]
PLACELESS = ("init", "rules", "setup", "completion")  # they take no workspace; `rules try` and `recall` do


def leaves(parser: argparse.ArgumentParser, name: str):
    if parser.get_default("function") is not None:
        yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, sub in action.choices.items():
                yield from leaves(sub, f"{name} {word}")


def test_the_page_and_the_schema_are_in_step_with_the_code():
    assert MADE["page"]() == (DOCS / "json.md").read_text("utf-8"), "run `python docs/make_json.py`"
    assert MADE["schema_text"]() == (DOCS / "json-schema.json").read_text("utf-8"), "run `python docs/make_json.py`"


def test_every_command_has_json_and_a_call_here():
    found = dict(leaves(cli.parser(cli.COMMANDS), "maslin"))
    assert set(found) == set(CALLS)
    for name, parser in found.items():
        assert "--json" in parser._option_string_actions, name
        assert "json" in parser.get_default("options").__dataclass_fields__, name


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A recipe and a workspace that holds all of it."""
    recipe = write_all(tmp_path_factory.mktemp("inputs"))
    recipe.write_text(RECIPE.replace("seeds: 2", "seeds: 1"))
    work = tmp_path_factory.mktemp("work")
    assert cli.main(["compare", str(recipe), "--workspace", str(work), "--prefect", "off", "--workers", "2"]) == 0
    return recipe, work


@pytest.mark.slow
@pytest.mark.parametrize("words", [*CALLS.values(), *MORE], ids=" ".join)
def test_what_is_printed_fits_the_schema(built, words, tmp_path, capsys, monkeypatch):
    recipe, work = built
    schema = json.loads((DOCS / "json-schema.json").read_text("utf-8"))
    jsonschema = pytest.importorskip("jsonschema")
    text = recipe.read_text().replace("[crawl/", f"[{recipe.parent}/crawl/").replace("[dump", f"[{recipe.parent}/dump")
    text = text.replace("[code/", f"[{recipe.parent}/code/").replace("[mine", f"[{recipe.parent}/mine")
    monkeypatch.setattr(demo, "prepare", lambda *given: DemoInputs(None, None, None, {}))  # instead of the registry
    monkeypatch.setattr(demo, "demo_recipe", lambda *given: text)
    words = [{"R": str(recipe), "W": str(work), "T": str(tmp_path / "t")}.get(word, word) for word in words]
    words = [word.replace("T/", f"{tmp_path}/") for word in words]
    if words[0] not in PLACELESS or words[1:2] in (["try"], ["recall"]):
        words += ["--workspace", str(work)]
    capsys.readouterr()
    assert cli.main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    name = next(name for name in sorted(CALLS, key=len, reverse=True)
                if " ".join(["maslin", *words]).startswith(name + " ") or name == " ".join(["maslin", *words]))
    kind = dict(MADE["commands"]())[f"{name} --dry-run" if "--dry-run" in words else name].__name__
    jsonschema.validate(answer, {**schema, "$ref": f"#/$defs/{kind}"})


def test_the_schema_refuses_what_is_not_in_it():
    jsonschema = pytest.importorskip("jsonschema")
    schema = {**MADE["schema"](), "$ref": "#/$defs/Completion"}
    jsonschema.validate({"shell": "bash", "script": ""}, schema)
    for wrong in ({"shell": "bash"}, {"shell": "bash", "script": 1}, {"shell": "bash", "script": "", "more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
