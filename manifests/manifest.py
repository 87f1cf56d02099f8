"""What a step directory says of itself: the frozen types of `manifest.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maslin.manifests.counts import Counts
from maslin.manifests.files import sealed
from maslin.manifests.identity import digest, digest_of

MANIFEST_SCHEMA_VERSION = 3


@dataclass(frozen=True)
class FileEntry:
    """A file of a step directory: its path there, its size, its xxh3-128, and its rows if it is a table."""

    path: str
    bytes: int
    xxh3_128: str
    rows: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Share:
    """What a mixture takes of a corpus. `weight` is its normalised share of the training tokens."""

    weight: float
    tokens_available: int
    tokens_planned: int
    epochs: float


@dataclass(frozen=True)
class Manifest:
    """A finished step, as `directory` holds it.

    `parameters`, `inputs` (a role → a step directory relative to the workspace, or the digest of raw content) and
    `libraries` are what the digest covers besides kind and version. `complete` is false where more of a source failed
    than its `max_failed` allows. `counts` is None for steps that remove nothing. `summary`: further deterministic
    facts, JSON values by the kind's own names.
    """

    directory: Path = field(compare=False)
    kind: str
    name: str
    digest: str
    version: int
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    files: tuple[FileEntry, ...]
    libraries: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    counts: Counts | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.directory.parent.parent

    def parts(self, table: str) -> list[Path]:
        """The files of a table (`documents`, `ledger`, `tokens`), in the order of parts."""
        return [self.directory / entry.path for entry in self.entries(table)]

    def entries(self, table: str) -> list[FileEntry]:
        """What is said of the files of a table, in the order of parts."""
        return sorted((entry for entry in self.files if entry.path.startswith(f"{table}/")), key=lambda each: each.path)

    def input(self, role: str) -> Path:
        """The directory of the step that this one was made from in a role. Raises KeyError when there is none."""
        return self.workspace / self.inputs[role]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(entry.bytes for entry in self.files)

    def counted(self) -> Counts:
        """The counts of a step that is known to have them."""
        assert self.counts is not None, f"{self.directory}: this kind counts nothing"
        return self.counts

    def digest_of_identity(self) -> str:
        """The digest that follows from what it covers: `digest`, in a manifest that nobody touched."""
        return identity_digest(self.kind, self.version, self.parameters, self.inputs, self.libraries)

    def shares(self) -> dict[str, Share]:
        """Of a mixture: what it takes of each corpus."""
        return {
            corpus: Share(plan["weight"], plan["tokens_available"], plan["tokens_planned"], plan["epochs"])
            for corpus, plan in self.summary["corpora"].items()}

    def to_json(self) -> dict[str, Any]:
        """As `manifest.json` holds it, with the checksum of all the rest."""
        value: dict[str, Any] = {
            "schema_version": MANIFEST_SCHEMA_VERSION,
            "identity": {
                "kind": self.kind, "name": self.name, "digest": self.digest, "step_version": self.version,
                "parameters": self.parameters, "inputs": dict(sorted(self.inputs.items())), "libraries": self.libraries,
                "files": [entry.to_json() for entry in sorted(self.files, key=lambda each: each.path)],
            },
            "complete": self.complete, "sizes": self.sizes, "summary": self.summary,
        }
        return sealed(value if self.counts is None else value | {"counts": self.counts.to_json()})

    @classmethod
    def from_json(cls, directory: Path, value: Mapping[str, Any]) -> "Manifest":
        """Raises KeyError, TypeError, ValueError or AttributeError for what is no manifest of this schema version."""
        identity = value["identity"]
        return cls(
            directory, identity["kind"], identity["name"], identity["digest"], identity["step_version"],
            identity["parameters"], identity["inputs"], tuple(FileEntry(**entry) for entry in identity["files"]),
            identity["libraries"], value["complete"],
            Counts.from_json(value["counts"]) if "counts" in value else None, value["sizes"], value["summary"])


def identity_digest(
    kind: str, version: int, parameters: Mapping[str, Any], inputs: Mapping[str, str], libraries: Mapping[str, str],
) -> str:
    """The digest of a step: over everything that decides its bytes. `inputs`: directories of steps, or digests."""
    return digest({
        "kind": kind, "version": version, "parameters": parameters,
        "inputs": {role: digest_of(value) for role, value in inputs.items()}, "libraries": libraries,
    })
