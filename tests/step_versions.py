"""The code behind every step, by digest: so that nobody changes what a step writes and forgets its version.

After a change that alters what a step writes: raise its version in manifests/steps.py, then
`python -m tests.step_versions`.
After one that does not: `python -m tests.step_versions --same-bytes`, which says so in the commit.
"""

import ast
import hashlib
import json
import sys
from functools import cache
from pathlib import Path

from curation.ingest.records import READERS
from curation.token_import import READERS as TOKEN_READERS
from flows.build import BUILDERS
from manifests.steps import STEPS, VERSIONS

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("step_versions.json")
WATCHED = (
    "curation", "trainer", "manifests.tables", "manifests.identity", "manifests.counts", "manifests.rules",
)

# The modules where the code of a step begins; what they import of ours, all the way down, belongs to it. A rule has a
# version of its own, so the segment that runs it does not count it.
ENTRIES: dict[str, list[str]] = {kind: [builder.split(":")[0]] for kind, builder in BUILDERS.items()}
ENTRIES["documents"] += READERS.values()
ENTRIES["tokens"] += TOKEN_READERS.values()
ENTRIES |= {
    step: ["curation.dedup.near"] if spec.role == "barrier" else [f"curation.rules.{step}"]
    for step, spec in STEPS.items()
}
ENTRIES["c4_url_dedup"] = ["curation.dedup.urls"]


def version(step: str) -> int:
    return STEPS[step].version if step in STEPS else VERSIONS[step]


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
        found |= {name for name in names if name.startswith(WATCHED) and source(name).is_file()}
    return frozenset(found)


def source(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def code_digest(step: str) -> str:
    """Digest of the step's modules, without comment lines and blank ones, and of the data files beside them."""
    modules: set[str] = set()
    waiting = list(ENTRIES[step])
    while waiting:
        module = waiting.pop()
        if module not in modules:
            modules.add(module)
            waiting.extend(imports(module))
    files = {source(module) for module in modules}
    files |= {path for file in files for path in (file.parent / "data").rglob("*") if path.is_file()}
    state = hashlib.sha256()
    for file in sorted(files):
        lines = [line for line in file.read_bytes().splitlines() if line.strip() and not line.strip().startswith(b"#")]
        state.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + b"\n".join(lines))
    return state.hexdigest()[:16]


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
        sys.exit(f"the code of {', '.join(stale)} changed: raise the version in manifests/steps.py, "
                 "or say --same-bytes when what it writes cannot differ")
    record = {step: {"version": version(step), "code": code_digest(step)} for step in ENTRIES}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    print(f"recorded {len(ENTRIES)} steps")
