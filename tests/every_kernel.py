"""The signatures with which work calls kernels, recorded anew: `python -m tests.every_kernel`.

`maslin setup` compiles what the record names. It is made by building a recipe of every kind of source, every step with
every choice it has, and everything that is trained, and looking at what was called. A kernel that is called by others
alone is compiled with them, and not named.
"""

import json
import random
import subprocess
import sys
import tempfile
import typing
from importlib.util import find_spec
from pathlib import Path

from maslin.flows.engine.kernels import RECORD
from maslin.manifests.files import write_json
from maslin.manifests.steps.known import STEPS
from maslin.manifests.steps.spec import StepSpec
from tests.flows.small_inputs import RECIPE, page, write_all, write_crawl

_RUN = """
import json, sys
from maslin.flows.engine.startup import start_light
start_light()
from maslin.flows.cli import main
for arguments in json.loads(sys.argv[1]):
    assert main(arguments) in (0, 3)
from maslin.manifests.kernels.kernel import KERNELS
called = {name: sorted(map(repr, kernel.signatures)) for name, kernel in KERNELS.items() if kernel.signatures}
compiled = sorted(name for name, kernel in KERNELS.items() if kernel.stats.cache_misses)
open(sys.argv[2], "w").write(json.dumps([called, compiled]))
"""


def choices(spec: StepSpec) -> list[dict[str, str]]:
    """A step's parameters: as they are, and each choice it has, where the package it needs is there.

    One that does not go by itself comes with the first other that it goes with.
    """
    single = [
        {name: value} for name, kind in typing.get_type_hints(spec.parameters).items()
        if typing.get_origin(kind) is typing.Literal
        for value in typing.get_args(kind) if not _is_missing(spec, name, value)]
    found: list[dict[str, str]] = [{}]
    for chosen in single:
        with_another = [chosen, *({**other, **chosen} for other in single)]
        found.append(next(each for each in with_another if _goes(spec, each)))
    return found


def _goes(spec: StepSpec, chosen: dict[str, str]) -> bool:
    return getattr(spec.parameters(**chosen), "wrong", lambda: None)() is None


def _is_missing(spec: StepSpec, parameter: str, value: str) -> bool:
    return any(need.kind == "package" and need.only == (parameter, (value,)) and find_spec(need.name) is None
               for need in spec.needs)


def write_inputs(folder: Path) -> list[list[str]]:
    """Inputs of every kind and recipes over them; the commands that build these, but for their workspace."""
    path = write_all(folder)
    few = folder / "few.yaml"
    few.write_text(RECIPE)
    odd = "<html lang=zh><p>一个人在河边走。</p><p>x<sup>2</sup> <math><mi>x</mi></math></p></html>"
    write_crawl(folder / "crawl/odd.warc.gz", [("http://odd.test/", odd)])
    text = page(random.Random("near"), code=False)  # so many copies below that a template is looked for
    write_crawl(folder / "crawl/near.warc.gz", [
        (f"http://near.test/{n}", text.replace("<article>", f"<article><p>Copy {n} of it.</p>")) for n in range(24)])
    corpora = [f"  {name.replace('_', '-')}-{number}: {{from: web, steps: [{{{name}: {json.dumps(chosen)}}}]}}\n"
               for name, spec in STEPS.items() for number, chosen in enumerate(choices(spec))]
    (folder / "asked.json").write_text(json.dumps(["What of all this is to be found in none of the pages here?", "—"]))
    path.write_text(RECIPE.replace("corpora:\n", "corpora:\n" + "".join(corpora))
                    + "evaluation_sets: {asked: {paths: asked.json}}\n")
    (folder / "talk.jsonl").write_text("".join(
        json.dumps({"instruction": f"What comes after {n}?", "output": f"After {n} comes {n + 1}."}) + "\n"
        for n in range(300)))
    (folder / "chat.yaml").write_text(
        "name: chat\nsources: {talk: {kind: chat, paths: [talk.jsonl]}}\nmixtures: {talk: {talk: 1}}\n"
        "training: {model: tiny, context_tokens: 64, batch_tokens: 512, seeds: 1, max_epochs: 50, tokens: 1024,\n"
        "  objective: sft, init_from: text-only-s0}\n")
    return [["curate", str(path)], ["compare", str(few)], ["train", str(folder / "chat.yaml")]]


def called(commands: list[list[str]], workspace: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The kernels that commands call, one after the other in one process, with their signatures; which of them compile.

    What only other kernels call is among them where they compile.
    """
    options = ["--workspace", str(workspace), "--prefect", "off", "--engine", "serial"]
    found = workspace.with_suffix(".json")
    asked = json.dumps([[*command, *options] for command in commands])
    subprocess.run([sys.executable, "-c", _RUN, asked, found], check=True, stdout=subprocess.DEVNULL)
    signatures, compiled = json.loads(found.read_text())
    return signatures, compiled


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        commands = write_inputs(Path(folder))
        called(commands, Path(folder) / "compiled")
        signatures, compiled = called(commands, Path(folder) / "found")
        assert not compiled
        write_json(RECORD, signatures)


if __name__ == "__main__":
    main()
