"""What a workspace holds, by name: corpora, mixtures, runs, evaluations, reports, as plain objects and Arrow tables.

Light: reads lock files and manifests; a table is read when it is asked for, whole or batch by batch.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from maslin.flows.shown.facts import facts
from maslin.manifests.counts import Counts
from maslin.manifests.errors import UsageError
from maslin.manifests.files import read_json
from maslin.manifests.locks import Lock, read_locks
from maslin.manifests.manifest import Manifest, Share
from maslin.manifests.soundness import checked
from maslin.manifests.workspace import read_manifest, read_measured, verify

if TYPE_CHECKING:
    import pyarrow as pa
    from tokenizers import Tokenizer as LoadedTokenizer

    from maslin.trainer.comparison.results import Comparison

R = TypeVar("R", bound="Result")


class NotThereError(UsageError, KeyError):
    """A name that is not there, with the nearest one that is."""


class Named(Mapping[str, R], Generic[R]):
    """Results by name, as a mapping. Manifests are read when a name is asked for."""

    def __init__(self, what: str, make: Callable[[Manifest], R], directories: Mapping[str, Sequence[Path]]) -> None:
        """`what`: one of them, in a word; several directories: what recipes that differ call by this name."""
        self._what, self._make, self._directories = what, make, directories

    def __getitem__(self, name: str) -> R:
        found = self._directories.get(name)
        if found is None:
            # here: who asks for what is there needs no YAML
            from maslin.manifests.recipe.typed_yaml import suggestion

            there = ", ".join(self) or "there is none"
            raise NotThereError(f"no {self._what} is called {name}{suggestion(str(name), list(self))} ({there}).")
        if len(found) > 1:
            raise NotThereError(
                f"recipes of this workspace have {len(found)} different {self._what} results called {name}: take the "
                "one of a recipe, workspace.recipes[…].")
        return self._make(read_manifest(found[0]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._directories)

    def __len__(self) -> int:
        return len(self._directories)

    def __repr__(self) -> str:
        lines = []
        for name, found in self._directories.items():
            try:
                lines.append(f"  {self[name]!r}")
            except UsageError:  # several, removed since, or of another Maslin
                lines.append(f"  {name}: {', '.join(path.name for path in found)}")
        return "\n".join([f"{len(self)} × {self._what}", *lines])


@dataclass(frozen=True, repr=False)
class Result:
    """A finished step directory. `manifest` says what it was made from and what lies in it."""

    manifest: Manifest

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def directory(self) -> Path:
        return self.manifest.directory

    @property
    def counts(self) -> Counts | None:
        """Read, kept, dropped by rule, failed by cause; None for what removes nothing."""
        return self.manifest.counts

    @property
    def sizes(self) -> Mapping[str, int]:
        """`bytes` (UTF-8 of texts), `tokens`, `documents`, as far as the kind has them."""
        return self.manifest.sizes

    @cached_property
    def measured(self) -> Mapping[str, Any]:
        """When and where it was made, how long it took: nothing of this decides a byte."""
        return read_measured(self.directory)

    def verify(self) -> list[str]:
        """What differs from the manifest: files that are missing, resized or changed. Empty when sound."""
        return verify(self.directory)

    def table(self, name: str, columns: Sequence[str] | None = None) -> "pa.Table":
        """A whole table of this directory (`documents`, `ledger`, …), in the order of its parts."""
        import pyarrow as pa

        batches = list(self.batches(name, columns))
        return pa.Table.from_batches(batches, schema=batches[0].schema if batches else self._schema(name, columns))

    def batches(self, name: str, columns: Sequence[str] | None = None) -> "Iterator[pa.RecordBatch]":
        """The same, a row group (at most 1,024 rows) at a time: memory does not grow with the corpus."""
        from maslin.manifests.tables import iter_tables

        for table in iter_tables(self._parts(name), list(columns) if columns is not None else None):
            yield from table.combine_chunks().to_batches()

    def _parts(self, name: str) -> list[Path]:
        parts = [path for path in self.manifest.parts(name) if path.suffix == ".parquet"]
        if not parts:
            tables = sorted({entry.path.partition("/")[0] for entry in self.manifest.files
                             if entry.path.endswith(".parquet")})
            raise NotThereError(f"{self.directory}: no table {name} here; there are {', '.join(tables) or 'none'}.")
        return parts

    def _schema(self, name: str, columns: Sequence[str] | None) -> "pa.Schema":
        """Of a table without rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pq.read_schema(checked(self._parts(name)[0]))
        return schema if columns is None else pa.schema([schema.field(column) for column in columns])

    def __repr__(self) -> str:
        words = facts(self.manifest)
        return f"{type(self).__name__} {self.name}" + (f"  {words}" if words else "") + f"  ({self.directory})"


class Documents(Result):
    """The documents of a source, as extracted, before any corpus's steps."""

    def documents(self, columns: Sequence[str] | None = None) -> "pa.Table":
        """One row a document that stayed."""
        return self.table("documents", columns)

    def ledger(self) -> "pa.Table":
        """One row what left. Of a source: failures, doubles of one identity, candidates without a text. Of a corpus:
        rule, measured value, threshold, whom a document is a duplicate of.
        """
        return self.table("ledger")


class Corpus(Documents):
    """The documents that passed a recipe's steps, and the evidence on all others."""

    @property
    def source(self) -> Documents:
        """What it was made from."""
        return Documents(read_manifest(self.manifest.input("documents")))

    def signals(self, columns: Sequence[str] | None = None) -> "pa.Table":
        """One row a document of the source, one column `<rule>.<signal>` a number that was measured."""
        return self.table("signals", columns)

    def edits(self) -> "pa.Table":
        """One row a span of lines that a step changed, with its replacement."""
        return self.table("edits")


class Tokenizer(Result):
    """The tokenizer of a recipe."""

    @property
    def path(self) -> Path:
        """`tokenizer.json`; what `transformers` needs besides lies beside it."""
        return checked(self.directory / "tokenizer.json")

    def load(self) -> "LoadedTokenizer":
        from tokenizers import Tokenizer as LoadedTokenizer

        return LoadedTokenizer.from_file(str(self.path))


class Tokens(Result):
    """The token shards of a corpus: flat ids, and where each document lies among them."""

    def index(self) -> "pa.Table":
        """One row a document: `start` and `end` count tokens within its part, end-of-text included."""
        return self.table("index")

    @property
    def shards(self) -> list[Path]:
        """The parts: little-endian ids of `dtype`, as `numpy.memmap` opens them."""
        return [checked(path) for path in self.manifest.parts("tokens")]

    @property
    def dtype(self) -> str:
        """`uint16` or `uint32`."""
        return self.manifest.summary["dtype"]


class Mixture(Result):
    """Corpora and their shares; it holds no data of its own."""

    @property
    def shares(self) -> dict[str, Share]:
        """By corpus."""
        return self.manifest.shares()


class Run(Result):
    """One training of one mixture with one seed."""

    @property
    def seed(self) -> int:
        return self.manifest.parameters["seed"]

    @property
    def mixture(self) -> Mixture:
        return Mixture(read_manifest(self.manifest.input("mixture")))

    @property
    def model(self) -> Path:
        """The folder of weights and configuration that other tools load."""
        for path in self.manifest.parts("model"):
            checked(path)
        return self.directory / "model"

    def metrics(self) -> "pa.Table":
        """One row a logged step: `step`, `tokens`, `loss` (nats a token), `learning_rate`, what came of each corpus.

        `validation`: the loss on held-out documents by domain, at the steps where it was taken.
        """
        import pyarrow as pa

        text = checked(self.directory / "metrics.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        names = dict.fromkeys(name for line in lines for name in line)
        return pa.table({name: [line.get(name) for line in lines] for name in names})


class Evaluation(Result):
    """A run, scored on the held-out documents of every domain."""

    @property
    def run(self) -> Run:
        return Run(read_manifest(self.manifest.input("run")))

    def items(self) -> "pa.Table":
        """One row a scored document: `domain`, `id`, `nats` or what else the recipe's metric scores, `bytes`, `tokens`.

        Every statistic follows from these.
        """
        return self.table("items")


@dataclass(frozen=True)
class Verdict:
    """`sentences`: as the command says it; `words`: arm → domain → better, worse, equivalent or undecided."""

    sentences: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


class Report(Result):
    """A comparison: which recipe is better, with error bars."""

    @property
    def html(self) -> Path:
        """The report, one file."""
        return checked(self.directory / "report.html")

    @property
    def verdict(self) -> Verdict:
        summary = self.manifest.summary
        return Verdict(tuple(summary["verdict"]), summary["verdicts"])

    def comparison(self) -> "Comparison":
        """Every figure of the report with its interval, as `arms["code"].domains["web"].delta`."""
        from maslin.trainer.comparison.results import Comparison

        return Comparison.from_json(read_json(checked(self.directory / "comparison.json")))

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self.verdict}"

    def _repr_html_(self) -> str:
        sentences = "<br>".join(map(escape, self.verdict.sentences))
        return f"<p>{sentences}</p><p><code>{escape(str(self.html))}</code></p>"


@dataclass(frozen=True, repr=False)
class RecipeResults:
    """What is built of a recipe, as its lock file names it."""

    name: str
    corpora: Named[Corpus]
    tokens: Named[Tokens]
    mixtures: Named[Mixture]
    runs: Named[Run]
    evaluations: Named[Evaluation]
    tokenizers: Named[Tokenizer]
    reports: Named[Report]

    @property
    def tokenizer(self) -> Tokenizer:
        """Raises NotThereError when none is built."""
        return self.tokenizers[self.name]

    @property
    def report(self) -> Report:
        """Raises NotThereError when none is built."""
        return self.reports[self.name]

    def __repr__(self) -> str:
        return f"Recipe {self.name}: {_numbers(self)}"


@dataclass(frozen=True, repr=False)
class Workspace:
    """What is built here, by name: of all recipes together, or recipe by recipe.

    Held-out documents are not offered: runs are scored on them, so nobody should choose rules by reading them.
    """

    root: Path
    recipes: Mapping[str, RecipeResults]
    corpora: Named[Corpus]
    tokens: Named[Tokens]
    mixtures: Named[Mixture]
    runs: Named[Run]
    evaluations: Named[Evaluation]
    tokenizers: Named[Tokenizer]
    reports: Named[Report]

    def __repr__(self) -> str:
        return f"Workspace {self.root}: {_numbers(self)}; recipes {', '.join(self.recipes)}"


# What locks hold, in the order of fields above: the group here, the group there, the word for one, its type.
_GROUPS: tuple[tuple[str, str, str, Callable[[Manifest], Any]], ...] = (
    ("corpora", "corpora", "corpus", Corpus), ("tokens", "tokens", "token shard", Tokens),
    ("mixtures", "mixtures", "mixture", Mixture), ("runs", "runs", "run", Run),
    ("evaluations", "evaluations", "evaluation", Evaluation), ("tokenizers", "tokenizer", "tokenizer", Tokenizer),
    ("reports", "report", "report", Report),
)


def _numbers(results: "Workspace | RecipeResults") -> str:
    """`4 corpora, 2 mixtures`: each group that is not empty."""
    numbers = {group: len(getattr(results, group)) for group, *_ in _GROUPS}
    return ", ".join(
        f"{number:,} {group if number > 1 else word}" for (group, _, word, _), number in
        zip(_GROUPS, numbers.values(), strict=True) if number) or "nothing is built"


def open_workspace(path: str | Path = "maslin-work") -> Workspace:
    """What the recipes of a workspace have built, as it is now. Raises UsageError when there is nothing."""
    root = Path(path).absolute()
    locks = read_locks(root)
    if not locks:
        raise UsageError(f"{root}: no workspace: nothing is built here. Start with maslin.curate(recipe), or give the "
                         "folder that --workspace named.")
    recipes = {lock.recipe: RecipeResults(lock.recipe, *_groups(root, [lock])) for lock in locks}
    return Workspace(root, recipes, *_groups(root, locks))


def _groups(root: Path, locks: Sequence[Lock]) -> Iterator[Named[Any]]:
    """Every group of what the lock files of some recipes point to; what they share is there once."""
    for _, key, word, make in _GROUPS:
        directories: dict[str, list[Path]] = {}
        for lock in locks:
            for name, directory in lock.groups.get(key, {}).items():
                if root / directory not in directories.setdefault(name, []):
                    directories[name].append(root / directory)
        yield Named(word, make, directories)
