"""The card of an exported data set: the page and the YAML that Hugging Face's hub reads, with how it was made."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maslin.manifests.counts import Counts
from maslin.manifests.errors import MaslinError
from maslin.manifests.manifest import Manifest
from maslin.manifests.steps.known import CORPUS_RULES, decode
from maslin.manifests.workspace import read_manifest

_PLAIN = re.compile(r"[\w.+() -]{1,80}")  # a licence as SPDX has it; anything else in that column is not shown
_LANGUAGE = re.compile(r"[a-z]{2,3}")  # ISO 639, as the hub wants it
_LEAST_SHARE = 0.01  # of the documents, for a language to be named in the YAML
_MOST_ROWS = 30  # of a table of the page
# SPDX identifiers as the hub calls them (huggingface.co/docs/hub/repositories-licenses, 2026), where it has a name.
_HUB_LICENCES = frozenset("""
    apache-2.0 mit openrail bigscience-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause
    bsd-3-clause-clear c-uda cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-
    nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
    cc-by-nc-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    eupl-1.2 agpl-3.0 gfdl gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl osl-3.0
    postgresql ofl-1.1 ncsa unlicense zlib pddl
""".split())  # noqa: SIM905 - a page of names
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
          (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"),
          (10**12, "100B<n<1T"))


@dataclass
class Tally:
    """What was counted of the rows of an export. None stands for rows that do not say it."""

    rows: int = 0
    licences: Counter[str | None] = field(default_factory=Counter)
    languages: Counter[str | None] = field(default_factory=Counter)
    dates: int = 0
    dates_unread: int = 0


def card(manifest: Manifest, tally: Tally, data_files: str, notes: Sequence[str]) -> str:
    """The page. `data_files`: a pattern of the rows; `notes`: what is otherwise than in the workspace, in sentences."""
    sizes = ", ".join(f"{number:,} {key}" for key, number in sorted(manifest.sizes.items()))
    lines = [
        "---", *_front_matter(manifest, tally, data_files), "---", "", f"# {manifest.name}", "",
        f"{tally.rows:,} documents, made by Maslin: {manifest.kind} `{manifest.name}@{manifest.digest}` ({sizes}).",
        *(line for note in notes for line in ("", note))]
    if manifest.kind == "tokens":
        about = manifest.summary
        lines += ["", f"`input_ids` are of the tokenizer `{manifest.inputs['tokenizer']}`, a vocabulary of "
                      f"{about['vocab_size']:,}; each document ends with the end-of-text id {about['end_of_text']}."]
    lines += _how_made(manifest)
    if tally.licences:
        lines += ["", "## Licences", "", "Every document keeps its own licence (`licence`) and address (`url`).", "",
                  *_table("licence", _named(tally.licences, _PLAIN))]
    if set(tally.languages) - {None}:
        lines += ["", "## Languages", "", *_table("language", _named(tally.languages, _PLAIN))]
    return "\n".join(lines) + "\n"


def _front_matter(manifest: Manifest, tally: Tally, data_files: str) -> Iterator[str]:
    """YAML; every value is a word of ours or JSON, which is YAML."""
    yield f"pretty_name: {json.dumps(manifest.name)}"
    yield from _listed("license", _hub_licences(tally.licences))
    least = max(1, _LEAST_SHARE * tally.rows)
    natural = _source_kind(manifest) != "code"
    yield from _listed("language", sorted(
        name for name, number in tally.languages.items()
        if natural and name is not None and _LANGUAGE.fullmatch(name) and number >= least))
    yield from _listed("tags", ["maslin", *([] if natural else ["code"])])
    yield from _listed("task_categories", ["text-generation"])
    yield from _listed("size_categories", [
        next((name for most, name in _SIZES if tally.rows < most), "n>1T")])
    yield from ("configs:", "- config_name: default", "  data_files:", "  - split: train", f"    path: {data_files}")


def _listed(key: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"{key}:"
        yield from (f"- {json.dumps(value)}" for value in values)


def _hub_licences(licences: Counter[str | None]) -> list[str]:
    """As the hub calls them; `unknown` for documents without, `other` for what it has no name for."""
    found = set()
    for name in licences:
        known = re.sub(r"-(only|or-later)$", "", name.lower()) if name else None
        found.add("unknown" if known is None else known if known in _HUB_LICENCES else "other")
    return sorted(found)


def _source_kind(manifest: Manifest) -> str | None:
    """Of the source of a step: warc, code …; None where it cannot be read."""
    found = next((step for step in _lineage(manifest) if step.kind == "documents"), None)
    return found.parameters.get("kind") if found else None


def _lineage(manifest: Manifest) -> Iterator[Manifest]:
    """A step and those that its documents came through, as far as they are there."""
    yield manifest
    value = manifest.inputs.get("documents", "")
    if "@" in value:
        root = Path(manifest.directory).resolve().parent.parent
        try:
            yield from _lineage(read_manifest(root / value))
        except MaslinError:  # handed on alone: what it was made from is named all the same
            return


def _how_made(manifest: Manifest) -> Iterator[str]:
    """Sources, steps with their counts, deduplication, versions, digests."""
    yield from ("", "## How it was made", "")
    steps = [step for step in _lineage(manifest) if step.kind in ("documents", "corpus")]
    for step in reversed(steps):
        if (counts := step.counts) is None:
            continue
        if step.kind == "documents":
            yield f"Source `{step.name}` ({step.parameters.get('kind', 'unknown')}): {_counted(counts)}."
        else:
            yield f"Corpus `{step.name}`: {_counted(counts)}. Its steps, in their order:"
            yield from ("", "| step | drops (documents) | parameters | source |", "|---|---|---|---|")
            yield from _step_rows(step, counts)
        yield ""
    yield (f"Versions: Maslin {version('maslin')}; "
           + ", ".join(f"{step.kind} {step.version}" for step in reversed([manifest, *steps[steps[0] == manifest:]]))
           + "".join(f"; {name} {number}" for name, number in sorted(manifest.libraries.items())) + ".")
    yield from ("", "The digest of each step follows from its parameters, its version and the digests of what it was "
                    "made from:", "")
    yield from (f"- `{step.kind}/{step.name}@{step.digest}`" for step in _lineage(manifest))
    yield from (f"- `{role}`: `{value}`" for role, value in sorted(manifest.inputs.items()) if "documents" not in role)


def _counted(counts: Counts) -> str:
    removed = "".join(f", {number:,} {_safe(cause)}" for cause, number in counts.removed.items())
    others = f" (the others: {removed[2:]})" if removed else ""
    return f"{counts.read:,} {counts.unit} read, {counts.kept:,} kept{others}"


def _step_rows(manifest: Manifest, counts: Counts) -> Iterator[str]:
    """A row a step, with what each of its rules dropped; what the corpus itself drops last."""
    left = dict(counts.dropped | counts.failed)
    for entry in manifest.parameters.get("steps", ()):
        step = decode(entry)
        rules = {rule.name: left.pop(rule.name) for rule in step.rules if rule.name in left}
        yield _step_row(f"{step.name} {entry.get('version', '')}".strip(), rules, entry.get("parameters", {}),
                        step.spec.source_of(step.parameters))
    for name in CORPUS_RULES:
        rules = {rule.name: left.pop(rule.name) for rule in CORPUS_RULES[name] if rule.name in left}
        if rules:
            yield _step_row(name, rules, {}, "Maslin")
    if left:
        yield _step_row("other", left, {}, "")


def _step_row(name: str, rules: Mapping[str, int], parameters: Mapping[str, Any], source: str) -> str:
    dropped = ", ".join(f"{_safe(rule)} {number:,}" for rule, number in rules.items()) or "0"
    settings = ", ".join(f"{key} {_safe(value)}" for key, value in parameters.items())
    return f"| {_safe(name)} | {dropped} | {settings} | {_safe(source)} |"


def _named(counter: Counter[str | None], plain: re.Pattern[str]) -> Counter[str]:
    """By what may be shown: texts of strangers are not."""
    shown: Counter[str] = Counter()
    for name, number in counter.items():
        shown["not known" if name is None else name if plain.fullmatch(name) else "other"] += number
    return shown


def _table(heading: str, counter: Counter[str]) -> Iterator[str]:
    yield from (f"| {heading} | documents |", "|---|---|")
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    yield from (f"| {name} | {number:,} |" for name, number in ordered[:_MOST_ROWS])
    if rest := ordered[_MOST_ROWS:]:
        yield f"| {len(rest)} more | {sum(number for _, number in rest):,} |"


def _safe(value: Any) -> str:
    """A value in a cell of Markdown: cut, on one line, nothing in it is markup."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    cut = text if len(text) <= 200 else text[:200] + "…"
    return re.sub(r"[\s\x00-\x1f]+", " ", re.sub(r"([\\`*_{}\[\]<>|!~&])", r"\\\1", cut))
