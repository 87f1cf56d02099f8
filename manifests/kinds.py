"""The kinds of step directories: their versions, and the libraries whose versions decide what they hold."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

UNICODE = "unicode"  # Python's tables of characters, which come with Python and have a version of their own


@dataclass(frozen=True)
class Kind:
    """`version` is raised when the code behind the kind changes what a directory holds.

    `libraries`: packages whose next version may answer otherwise, or write other bytes. They are part of the identity,
    so that nothing of another version passes for it. Decoders of exact formats (zlib, brotli, zstd, WARC) are none.
    """

    version: int
    libraries: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "documents": Kind(7, ("pyarrow", UNICODE)),  # and those of the source: maslin.manifests.recipe.sources.SourceKind
    "segment": Kind(4, ("pyarrow", UNICODE)),  # and those of its steps: maslin.manifests.steps.spec.StepSpec.needs
    "dedup": Kind(1, ("pyarrow", UNICODE)),
    "split": Kind(2, ("datasketch", "pyarrow", UNICODE)),
    "held_out": Kind(5, ("pyarrow", UNICODE)),
    "corpus": Kind(7, ("datasketch", "pyarrow", UNICODE)),
    "tokenizer": Kind(2, ("tokenizers",)),
    "tokens": Kind(2, ("pyarrow", "tokenizers")),
    "mixture": Kind(1),
    "stack": Kind(4, ("tokenizers", "torch")),
    "run": Kind(7, ("tokenizers", "torch")),
    "evaluation": Kind(4, ("pyarrow", "torch")),
    "report": Kind(6, ("scipy",)),
}


def versions(names: Iterable[str]) -> dict[str, str]:
    """The version of each library that is here; `absent` for one that is not: who needs it says so before any work."""
    return {name: _version(name) for name in sorted(set(names))}


@cache
def _version(name: str) -> str:
    from unicodedata import unidata_version

    if name == UNICODE:
        return unidata_version
    if name in (installed := _installed()):
        return installed[name]
    from importlib import metadata  # here: importing it takes longer than reading a recipe

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


@cache
def _installed() -> dict[str, str]:
    """Package → version by the names of the folders that installers leave, the first on the path as for imports."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            entries = sorted(os.listdir(folder or "."))
        except OSError:
            continue  # an archive or a folder that is gone
        for entry in entries:
            if entry.endswith(".dist-info"):
                package, _, version = entry.removesuffix(".dist-info").partition("-")
                found.setdefault(package.replace("_", "-").lower(), version)
    return found
