"""Score a run on held-out documents, by a metric: one row a document of every domain."""

import heapq
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from maslin.manifests.errors import DataError, UsageError
from maslin.manifests.identity import digest_of, hash_int
from maslin.manifests.manifest import Manifest
from maslin.manifests.tables import EVALUATION_ITEMS, part_name, write_table
from maslin.manifests.workspace import Mapper, ShardResult, Step, Workspace, commit, run_shards, serial_map
from maslin.trainer.comparison.metrics import METRICS, Metric
from maslin.trainer.data.token_shards import TokenCorpus

_DOMAIN = "domain:"
_FEWEST_DOCUMENTS = 8  # that a domain's bytes are spent on, where it has them


def build_evaluation(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Score one run on the held-out documents of the step's split, by its metric; returns the manifest.

    Raises UsageError when the model's context is shorter than the evaluation's, DataError when a domain is tokenized
    otherwise than the run.
    """
    directory = workspace.path(step)
    domains = [role.removeprefix(_DOMAIN) for role in sorted(step.inputs) if role.startswith(_DOMAIN)]
    chosen = {domain: choose_documents(step, workspace, domain) for domain in domains}
    total = sum(sum(table["tokens"].to_pylist()) for table in chosen.values())
    (result,) = run_shards(
        directory, score_run, [(workspace, step)], mapper, f"evaluate {step.name}", total=total, unit="tokens")
    return commit(
        directory, step, result["files"], sizes={"tokens": total},
        summary={"domains": {
            domain: {"documents": table.num_rows, "bytes": sum(table["bytes"].to_pylist())}
            for domain, table in chosen.items()
        }},
    )


def items_schema(metric: Metric) -> pa.Schema:
    """Columns of an evaluation's rows: those of EVALUATION_ITEMS, with what the metric scores in the place of nats."""
    return EVALUATION_ITEMS.set(EVALUATION_ITEMS.get_field_index("nats"), pa.field(metric.score, pa.float64()))


def choose_documents(step: Step, workspace: Workspace, domain: str) -> pa.Table:
    """Documents of a domain to score, the same for every run: columns id, start, end, bytes, tokens, cluster.

    Of the split's documents every one that still fits `max_bytes` is taken, sites and repositories in turn: next is one
    of whatever has the least bytes yet, in the order of a hash of ids, so that what is found speaks of as many as there
    are. Those larger than `max_bytes` / 8 come last, as a few would stand for all. The other split is never read. Rows
    are in the order of ids.
    """
    parameters = step.parameters
    with TokenCorpus(workspace.path(_input(step, _DOMAIN + domain))) as corpus:
        table = corpus.document_table(["id", "start", "end", "bytes", "split", "site"])
    rows = [
        row for row in table.to_pylist()
        if row["split"] == parameters["split"] and row["bytes"] > 0 and row["end"] - row["start"] > 1
    ]
    rows.sort(key=lambda row: (hash_int(0, "evaluation", row["id"]), row["id"]))
    taken, left = [], parameters["max_bytes"]
    for row in in_turn(rows, most_bytes=left / _FEWEST_DOCUMENTS):
        if row["bytes"] <= left:
            left -= row["bytes"]
            taken.append({
                "id": row["id"], "start": row["start"], "end": row["end"], "bytes": row["bytes"],
                "tokens": row["end"] - row["start"] - 1, "cluster": row["site"],  # end-of-text is not scored
            })
    return pa.Table.from_pylist(sorted(taken, key=lambda row: row["id"]), schema=_CHOSEN)


def in_turn(rows: list[dict[str, Any]], most_bytes: float) -> Iterator[dict[str, Any]]:
    """The rows by site, of the one with the fewest bytes given first; those of more than `most_bytes` at the end."""
    by_site: dict[str, deque[dict[str, Any]]] = {}
    for row in rows:
        if row["bytes"] <= most_bytes:
            by_site.setdefault(row["site"] or row["id"], deque()).append(row)
    turns = [(0, place, site) for place, site in enumerate(by_site)]
    while turns:
        given_bytes, place, site = heapq.heappop(turns)
        row = by_site[site].popleft()
        yield row
        if by_site[site]:
            heapq.heappush(turns, (given_bytes + row["bytes"], place, site))
    yield from (row for row in rows if row["bytes"] > most_bytes)


_CHOSEN = pa.schema([
    ("id", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("bytes", pa.int64()), ("tokens", pa.int64()),
    ("cluster", pa.string()),
])


def score_run(task: tuple[Workspace, Step]) -> ShardResult:
    """Write the rows of one evaluation: runs in a worker process. Killed, it goes on from its last finished part."""
    from maslin.trainer.comparison.scoring import document_scores, scorer_of
    from maslin.trainer.device import choose_device  # torch takes seconds to import: the command itself never needs it
    from maslin.trainer.models.saved_model import load_decoder
    from maslin.trainer.threads import threads

    workspace, step = task
    run, parameters = _input(step, "run"), step.parameters
    metric = METRICS[parameters["metric"]]
    schema, scorer = items_schema(metric), scorer_of(metric)
    model = load_decoder(workspace.path(run) / "model", f"scoring in {metric.unit}", choose_device())
    context, stride = parameters["context_tokens"], parameters["stride_tokens"]
    if context > model.config.context_tokens or not 1 <= stride <= context:
        raise UsageError(
            f"evaluation {step.name}: a context of {context} tokens and a stride of {stride}, but the model was "
            f"trained with a context of {model.config.context_tokens}, and a stride is at most the context.")
    tables = []
    for role in sorted(step.inputs):
        if not role.startswith(_DOMAIN):
            continue
        domain, chosen = role.removeprefix(_DOMAIN), choose_documents(step, workspace, role.removeprefix(_DOMAIN))
        with TokenCorpus(workspace.path(_input(step, role))) as corpus, threads(run.parameters["training"]["threads"]):
            if digest_of(corpus.tokenizer) != _input(run, "tokenizer").digest:
                raise DataError(
                    f"domain {domain} is tokenized with {corpus.tokenizer}, run {run.name} with "
                    f"{_input(run, 'tokenizer').directory}: build both with one tokenizer.")
            documents = [
                corpus.read(start, end - 1)
                for start, end in zip(chosen["start"].to_pylist(), chosen["end"].to_pylist(), strict=True)
            ]
            scores = document_scores(
                scorer, model, documents, corpus.end_of_text, context, stride,
                partial(run_shards, workspace.path(step), mapper=serial_map, label=domain, stage=f"scores-{domain}"))
        rows = len(documents)
        tables.append(pa.table({
            "run": [run.name] * rows, "arm": [_input(run, "mixture").name] * rows,
            "seed": [run.parameters["seed"]] * rows, "domain": [domain] * rows, "id": chosen["id"],
            "cluster": chosen["cluster"], metric.score: scores, "bytes": chosen["bytes"], "tokens": chosen["tokens"],
        }, schema=schema))
    items = pa.concat_tables([schema.empty_table(), *tables])
    return {"files": [write_table(workspace.path(step), f"items/{part_name(0)}", items)]}


def _input(step: Step, role: str) -> Step:
    found = step.inputs[role]
    assert isinstance(found, Step)
    return found
