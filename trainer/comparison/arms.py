"""How the arms of a comparison differ, parameter by parameter, by what is planned to be trained on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from maslin.manifests.workspace import Step

SHARES = "shares of the training tokens"


@dataclass(frozen=True)
class ArmDifference:
    """One thing that an arm has otherwise than the baseline.

    `where`: the arm as a whole (None), or the corpus, with that of the baseline in front where its name is another's.
    """

    where: str | None
    parameter: str
    baseline: str
    arm: str

    def __str__(self) -> str:
        return f"{f'{self.where}: ' if self.where else ''}{self.parameter}: {self.baseline} → {self.arm}"


def how_arms_differ(baseline: Step, arm: Step) -> list[ArmDifference]:
    """What two mixtures differ in. Corpora of one source that only one of them has are taken for each other's variants.

    Shares of all corpora together are one thing: none of them can change alone.
    """
    ours, theirs = _corpora(baseline), _corpora(arm)
    pairs = _pairs(ours, theirs)
    found = [difference for one, other in pairs.items() if one != other
             for difference in _corpus(ours[one], theirs[other])]
    before_of, after_of = _parts(baseline), _parts(arm)
    found += [ArmDifference(f"{one} → {other}", "duplicates", _shown(before_of.get(one)), _shown(after_of.get(other)))
              for one, other in pairs.items() if before_of.get(one) != after_of.get(other)]
    found += [difference for name in ours.keys() & theirs.keys() if ours[name].digest != theirs[name].digest
              for difference in _corpus(ours[name], theirs[name])]
    before, after = dict(baseline.parameters), dict(arm.parameters)
    shares = _shares(before.pop("weights", {})), _shares(after.pop("weights", {}))
    if {pairs.get(name, name): share for name, share in shares[0].items()} != shares[1]:
        found.append(ArmDifference(None, SHARES, *map(_listed, shares)))
    return found + [ArmDifference(None, path, old, new) for path, old, new in _leaves(before, after, "")]


def _corpora(mixture: Step) -> dict[str, Step]:
    """What each share of a mixture is read from: the corpus, or token shards that were made elsewhere."""
    found = {}
    for role, tokens in mixture.input_steps().items():
        documents = tokens.inputs.get("documents")
        found[role.removeprefix("tokens:")] = documents if isinstance(documents, Step) else tokens
    return found


def _parts(mixture: Step) -> dict[str, list[int | None]]:
    """Of what is a part of a corpus, how many duplicates its documents stand for: from, to."""
    return {role.removeprefix("tokens:"): tokens.parameters["duplicates"]
            for role, tokens in mixture.input_steps().items() if "duplicates" in tokens.parameters}


def _pairs(ours: Mapping[str, Step], theirs: Mapping[str, Step]) -> dict[str, str]:
    """Baseline's corpus → the arm's that stands for it: itself, or a variant of the same source, the likest first."""
    pairs = {name: name for name in ours if name in theirs}
    alone = [(len(list(_corpus(ours[one], theirs[other]))), one, other)
             for one, other in product(ours.keys() - pairs.keys(), theirs.keys() - pairs.keys())
             if _source(ours[one]) is not None and _source(ours[one]) == _source(theirs[other])]
    for _, one, other in sorted(alone):
        if one not in pairs and other not in pairs.values():
            pairs[one] = other
    return pairs


def _source(corpus: Step) -> str | None:
    documents = corpus.inputs.get("documents")
    return documents.digest if isinstance(documents, Step) and corpus.kind == "corpus" else None


def _corpus(one: Step, other: Step) -> Iterator[ArmDifference]:
    """What a corpus and its variant differ in: parameters of steps, and what else is looked at."""
    where = one.name if one.name == other.name else f"{one.name} → {other.name}"
    for path, old, new in _leaves(_by_step(one.parameters), _by_step(other.parameters), ""):
        yield ArmDifference(where, path, old, new)
    across = [_listed({role.partition(":")[2]: None for role in each.inputs if role.startswith("across:")})
              for each in (one, other)]
    if across[0] != across[1]:
        yield ArmDifference(where, "deduplicated against", *across)


def _by_step(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A corpus's parameters with those of its steps under their names, numbered where a step comes again."""
    whole = {key: value for key, value in parameters.items() if key not in ("steps", "across", "overlap")}
    for step in parameters.get("steps", ()):
        name, again = step["step"], 1
        while name in whole:
            again += 1
            name = f"{step['step']} ({again})"
        whole[name] = step["parameters"]
    return whole


def _leaves(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """(place, old, new) of all that differs between two JSON objects; an object that only one has is one difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _leaves(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path, _shown(old), _shown(new)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items()) or "with its defaults"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values()) or 1.0
    return {name: round(weight / total, 6) for name, weight in sorted(weights.items()) if weight}


def _listed(names: Mapping[str, float | None]) -> str:
    return ", ".join(name if share is None else f"{name} {share:.1%}" for name, share in names.items()) or "–"
