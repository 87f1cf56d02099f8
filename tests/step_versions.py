"""The code behind every step, by digest: so that nobody changes what a step writes and forgets its version.

After a change that alters what a step writes: raise its version (in its declaration in manifests/steps, or in
manifests/kinds.py), then `python -m tests.step_versions`.
After one that does not: `python -m tests.step_versions --same-bytes`, which says so in the commit.
"""

import ast
import json
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from maslin.curation.ingest.web.extractors import EXTRACTORS
from maslin.curation.tokens.readers import READERS as TOKEN_READERS
from maslin.flows.engine.build import BUILDERS
from maslin.manifests.kinds import KINDS
from maslin.manifests.recipe.sources import SOURCES, Later, source_kind
from maslin.manifests.steps.known import STEPS
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.models.known import ARCHITECTURES

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("step_versions.json")
WATCHED = ("maslin.curation", "maslin.trainer", "maslin.manifests")

# The modules where the code of a step begins; what they import of ours, anywhere in them and all the way down, belongs
# to it. A rule has a version of its own, so the segment that runs it does not count it.
ENTRIES: dict[str, list[str]] = {kind: [builder.split(":")[0]] for kind, builder in BUILDERS.items()}
for kind, where in SOURCES.items():
    declared = source_kind(kind)
    later = [function.where for function in (declared.read, declared.splits) if isinstance(function, Later)]
    ENTRIES["documents"] += [place.split(":")[0] for place in (where, *later)]
ENTRIES["documents"] += [extractor.where.split(":")[0] for extractor in EXTRACTORS.values()]
ENTRIES["tokens"] += TOKEN_READERS.values()
ENTRIES["evaluation"] += sorted({metric.scorer.split(":")[0] for metric in METRICS.values()})
for kind in ("stack", "run", "evaluation"):
    ENTRIES[kind] += [architecture.model.split(":")[0] for architecture in ARCHITECTURES.values()]
ENTRIES |= {
    step: [each.split(":")[0] for each in (spec.kernel, spec.search) if each] for step, spec in STEPS.items()}

# Lists of all steps, which a segment or the recipe looks them up in. Every kernel imports its own declaration, so each
# step is watched by its own entry; followed here, a change to one would be a change to all. What a preset stands for is
# written out in the parameters of the steps themselves.
LISTS = {"maslin.manifests.steps.known", "maslin.manifests.steps.presets"}


def version(step: str) -> int:
    return STEPS[step].version if step in STEPS else KINDS[step].version


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of ours that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source(module).read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found |= {
            name for name in names if name.startswith(WATCHED) and name not in LISTS and source(name).is_file()}
    return frozenset(found)


def source(module: str) -> Path:
    path = ROOT / module.removeprefix("maslin.").replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def modules(step: str) -> frozenset[str]:
    """Every module of ours that has a part in what a step writes."""
    found: set[str] = set()
    waiting = list(ENTRIES[step])
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imports(module))
    return frozenset(found)


def code_digest(step: str, changed: Mapping[Path, str] = MappingProxyType({})) -> str:
    """Digest of the step's modules, of what they do and not how it is written, and of the data files beside them.

    `changed`: files to be taken as if they held this text.
    """
    state = sha256()
    for file in _files(step):
        state.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        state.update(meaning(changed[file]) if file in changed else _content(file))
    return state.hexdigest()[:16]


@cache
def _files(step: str) -> list[Path]:
    files = {source(module) for module in modules(step)}
    folders = {file.parent / "data" for file in files}
    files |= {path for folder in folders if not (folder / "__init__.py").is_file()  # else it is code
              for path in folder.rglob("*") if path.is_file()}
    return sorted(files)


@cache
def _content(file: Path) -> bytes:
    return meaning(file.read_text(encoding="utf-8")) if file.suffix == ".py" else sha256(file.read_bytes()).digest()


@cache
def meaning(text: str) -> bytes:
    """Digest of code without comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return sha256(ast.dump(tree).encode()).digest()


def recorded() -> dict[str, dict[str, object]]:
    return json.loads(RECORD.read_text()) if RECORD.is_file() else {}


def stale_steps() -> list[str]:
    """Steps whose code has changed while the version has not."""
    entries = {step: entry for step, entry in recorded().items() if step in ENTRIES}
    return [
        step for step, entry in entries.items()
        if entry["code"] != code_digest(step) and entry["version"] == version(step)
    ]


def unrecorded_steps() -> list[str]:
    """Steps that are not as the record says, for whatever reason."""
    record = recorded()
    return [step for step in ENTRIES if record.get(step) != {"version": version(step), "code": code_digest(step)}]


if __name__ == "__main__":
    if (stale := stale_steps()) and "--same-bytes" not in sys.argv:
        sys.exit(f"the code of {', '.join(stale)} changed: raise the version, "
                 "or say --same-bytes when what it writes cannot differ")
    record = {step: {"version": version(step), "code": code_digest(step)} for step in ENTRIES}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    print(f"recorded {len(ENTRIES)} steps")
