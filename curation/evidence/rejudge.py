"""Judge again, from their stored texts, the documents of which signals do not tell (curation/evidence/trial.py).

Every per-document step runs anew from the extracted text, with the parameters tried. Barriers are passed over: what
stays may still be a duplicate. Edits of a line deduplication before the first change are taken as stored; at one after
it the answer ends.
"""

import math
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from maslin.curation.corpora.segment import curate_table
from maslin.curation.evidence.drawn import draw, take, with_edits
from maslin.curation.evidence.outcomes import Outcomes, outcomes
from maslin.curation.evidence.trial import RuleKey, Trial, decides_over_all
from maslin.manifests.steps.known import decode
from maslin.manifests.steps.spec import Origins
from maslin.manifests.tables import part_name
from maslin.manifests.workspace import read_manifest


@dataclass
class Rejudged:
    """Outcomes of `judged` documents out of `open` ones: dropped by each rule, as the corpus has it and now anew.

    `passed`: dropped by no per-document rule anew: kept, or a duplicate. `unresolved`: a line deduplication would
    decide on them.
    """

    judged: int
    open: int
    dropped_now: dict[RuleKey, int] = field(default_factory=dict)
    dropped: dict[RuleKey, int] = field(default_factory=dict)
    passed: int = 0
    unresolved: int = 0


def rejudge(trial: Trial, most: int, seed: int = 0, origins: Origins = MappingProxyType({})) -> Rejudged:
    """Judge the trial's open documents again; of more than `most`, those with the smallest hashes of (seed, id).

    `origins`: where the code of people's own rules is; see `without_code`.
    """
    source = read_manifest(trial.directory).input("documents")
    total = sum(map(len, trial.open.values()))
    rows = trial.open if total <= most else draw(source, trial.open, most, seed)
    result = Rejudged(sum(map(len, rows.values())), total)
    for found in outcomes(trial.directory):
        _count_now(found, rows.get(found.part, np.zeros(0, np.int64)), trial, result)
    for part, here in rows.items():
        for table in take(source / "documents" / part_name(part), here):
            _judge(table, trial, part, origins, result)
    return result


def without_code(trial: Trial, origins: Origins) -> list[str]:
    """People's own rules of the corpus whose code, as it was built with, is not at hand: they cannot judge again."""
    own = [spec for spec in (decode(step).spec for step in trial.steps) if spec.code is not None]
    return [spec.name for spec in own if spec.own_name not in origins]


def interval(number: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    z, share = 1.959964, number / of
    centre, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (centre - spread) / (1 + z * z / of)), min(1.0, (centre + spread) / (1 + z * z / of))


def _count_now(found: Outcomes, rows: np.ndarray, trial: Trial, result: Rejudged) -> None:
    for index, rule in zip(found.step[rows].tolist(), found.rule[rows].tolist(), strict=True):
        if not decides_over_all(trial.steps, index):
            key = (index, trial.steps[index]["step"], found.rules[rule])
            result.dropped_now[key] = result.dropped_now.get(key, 0) + 1


def _judge(table: pa.Table, trial: Trial, part: int, origins: Origins, result: Rejudged) -> None:
    index, steps = 0, trial.steps
    roles = [decode(step).spec.role for step in steps]
    while index < len(steps):
        end = index + 1
        if roles[index] == "rule":
            while end < len(steps) and roles[end] == "rule":
                end += 1
            output = curate_table(table, steps[:end], index, trial.corpus, origins=origins)
            for row in output.ledger.select(["step_index", "step", "rule"]).to_pylist():
                key = (row["step_index"], row["step"], row["rule"])
                result.dropped[key] = result.dropped.get(key, 0) + 1
            table = output.documents
        elif roles[index] == "editing_barrier":
            if index >= min(trial.changed):
                result.unresolved += table.num_rows
                return
            table = with_edits(table, trial.directory / "edits" / part_name(part), index, end)
        index = end
    result.passed += table.num_rows
