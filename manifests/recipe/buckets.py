"""Parts of a corpus by how many duplicates its documents stand for: `{from_corpus: web, duplicates: [2, 5]}`."""

from collections.abc import Iterable, Mapping

from maslin.manifests.recipe.faults import BROKEN, is_whole
from maslin.manifests.recipe.recipe import Bucket, Corpus
from maslin.manifests.recipe.typed_yaml import Node, convert, suggestion
from maslin.manifests.steps.dedup import COUNTED

_BOUNDS = {"min": 0, "max": 10**12}


def is_bucket(node: Node) -> bool:
    return node.is_mapping and any(key in node.mapping() for key in ("from_corpus", "duplicates"))


def read_bucket(node: Node, corpora: Mapping[str, Corpus]) -> Bucket:
    """A bucket of one of these corpora; BROKEN where a part of it is wrong."""
    entries = node.mapping()
    node.check_keys(entries, ["from_corpus", "duplicates"], ["from_corpus", "duplicates"])
    corpus, bounds = BROKEN, (BROKEN, BROKEN)
    if "from_corpus" not in entries:
        node.faults.add(node.missing("from_corpus", "the corpus that this is a part of"))
    else:
        corpus = node.faults.attempt(lambda: _read_corpus(entries["from_corpus"], corpora))
    if "duplicates" not in entries:
        node.faults.add(node.missing("duplicates", "from how many to how many, as [2, 5], or [6, null] for 6 and more"))
    else:
        bounds = node.faults.attempt(lambda: _read_bounds(entries["duplicates"]))
    return Bucket(corpus, *bounds) if is_whole((corpus, bounds)) else BROKEN


def _read_corpus(node: Node, corpora: Mapping[str, Corpus]) -> str:
    name = convert(node, str)
    if name not in corpora:
        node.fail(f"no corpus is called `{name}`{suggestion(name, corpora)}")
    steps = corpora[name].steps
    if steps is not BROKEN and not any(step.name in COUNTED for step in steps):
        node.fail(f"no step of `{name}` deduplicates, so that nothing is counted: give it {' or '.join(COUNTED)}")
    return name


def _read_bounds(node: Node) -> tuple[int, int | None]:
    """`[2, 5]`, `[6, null]`, or one number."""
    if not node.is_list:
        exactly = convert(node, int, _BOUNDS)
        return exactly, exactly
    items = node.items()
    if len(items) != 2:
        node.fail("give two numbers, from how many duplicates to how many, as [2, 5], or [6, null] for 6 and more")
    least = convert(items[0], int, _BOUNDS)
    most = None if items[1].is_null else convert(items[1], int, _BOUNDS)
    if most is not None and most < least:
        node.fail(f"from {least:,} to {most:,} is nothing: the first number is the smaller one")
    return least, most


def check_apart(mixture: Node, names: Iterable[str], buckets: Mapping[str, Bucket]) -> None:
    """See that no document is in two of these of one mixture: its epochs would add up beyond what is capped."""
    entries = mixture.mapping()
    seen: list[tuple[str, Bucket]] = []
    for name in names:
        own = buckets.get(name, Bucket(name, 0, None))
        for other, its in seen:
            if own.overlaps(its):
                mixture.faults.add(entries.get(name, mixture).fault(
                    f"`{other}` and `{name}` have documents in common, whose epochs would add up beyond "
                    "training.max_epochs: cut the corpus into parts without any in common", at_key=name in entries))
        seen.append((name, own))
