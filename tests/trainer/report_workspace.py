"""A made-up but complete workspace for reports: every step of a recipe committed, with tables in their true schemas."""

import json
import math
from pathlib import Path

import pyarrow as pa

from maslin.manifests.counts import Counts
from maslin.manifests.files import file_entry, write_text
from maslin.manifests.identity import document_id
from maslin.manifests.plan import Plan, in_order, plan_comparison, plan_corpora, plan_mixtures, plan_runs
from maslin.manifests.recipe.evaluation_sets import ROLE
from maslin.manifests.recipe.inputs import InputFile
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.tables import (
    DOCUMENTS,
    EDITS,
    ITEMS_FOUND,
    ITEMS_FOUND_PATH,
    LEDGER,
    SPLIT,
    SPLIT_PATH,
    ledger_row,
    part_name,
    write_table,
)
from maslin.manifests.workspace import Step, Workspace, commit
from maslin.trainer.comparison.evaluate import items_schema
from maslin.trainer.comparison.metrics import METRICS
from maslin.trainer.comparison.statistics import generator

RECIPE = """
name: code-inclusion
sources:
  web:  {kind: warc, paths: [crawl.warc.gz]}
  wiki: {kind: wikipedia, paths: [enwiki.xml.bz2]}
  code: {kind: code, paths: [archives/*.tar.gz]}
corpora:
  web-no-code:
    from: web
    steps:
      - language:    {keep: [en], min_score: 0.65}
      - c4:          {code: drop}
      - offensive:   {}
      - exact_dedup: {}
      - near_dedup:  {threshold: 0.8}
  web-code: {like: web-no-code, set: {c4.code: keep}}
  wiki:     {from: wiki}
  code:
    from: code
    steps: [ {licence: {keep: permissive}}, {near_dedup: {threshold: 0.85}} ]
dedup: {across: [wiki, web-no-code, code]}
tokenizer: {kind: bpe, vocab_size: 4096}
mixtures:
  text-only: {web-no-code: 0.8, wiki: 0.2}
  with-code: {web-code: 0.6, wiki: 0.2, code: 0.2}
training: {model: tiny, tokens: 262144, seeds: SEEDS, max_epochs: 4}
comparison: {baseline: text-only, domains: [web-no-code, wiki, code]}
"""

HOSTILE = "<script>alert('x')</script> & \u202eevil\u202c\x1b[31m \x00 &amp; <img src=http://evil.example/x.png>"
PROSE = (
    "The module defines an exception hierarchy and a number of helper functions.\nCopyright 2001-2026. All rights\n"
    "Each of them takes the name of a file and returns its contents, decoded as UTF-8.\n{ \"version\": 1 }")
EFFECTS = {"web-no-code": 0.012, "wiki": 0.002, "code": -0.38}
LEVEL = {"web-no-code": 2.41, "wiki": 2.63, "code": 2.05}
RULES = {  # corpus → (step_index, step, rule, count, value, op, threshold)
    "web-no-code": [
        (0, "language", "language", 41, 0.31, "<", 0.65), (1, "c4", "curly_bracket", 388, 1.0, ">=", 1.0),
        (1, "c4", "too_few_sentences", 212, 1.0, "<", 3.0), (1, "c4", "lorem_ipsum", 1, 1.0, ">=", 1.0),
        (2, "offensive", "offensive", 7, 1.0, ">=", 1.0), (3, "exact_dedup", "exact_duplicate", 64, None, None, None),
        (4, "near_dedup", "near_duplicate", 96, None, None, None),
        (5, "held_out", "held_out", 21, None, None, None), (5, "held_out", "held_out_overlap", 12, None, None, 0.8)],
    "web-code": [
        (0, "language", "language", 41, 0.31, "<", 0.65), (1, "c4", "too_few_sentences", 190, 1.0, "<", 3.0),
        (3, "exact_dedup", "exact_duplicate", 70, None, None, None),
        (5, "held_out", "held_out", 21, None, None, None), (5, "held_out", "held_out_overlap", 20, None, None, 0.8)],
    "code": [
        (0, "licence", "licence", 120, None, None, None), (1, "near_dedup", "near_duplicate", 55, None, None, None)],
    "wiki": [],
}
READ = {"web": 1204, "wiki": 512, "code": 733}


def make_plan(root: Path, seeds: int, recipe_text: str = RECIPE) -> Plan:
    path = root / "recipe.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(recipe_text.replace("SEEDS", str(seeds)))
    recipe = read_recipe(path)
    inputs = {name: [InputFile(source.paths[0], root / "x", 1, f"{index:032x}")]
              for index, (name, source) in enumerate(recipe.sources.items())}
    inputs |= {f"{ROLE}{name}": [InputFile(each.paths[0], root / "x", 1, "e" * 32)]
               for name, each in recipe.evaluation_sets.items()}
    model = {"architecture": "llama", "layers": 5, "width": 128, "heads": 2, "kv_heads": 2, "hidden": 352,
             "context_tokens": 256}
    training = {"tokens": 262144, "batch_tokens": 2048, "learning_rate": 0.0032, "optimizer": "adamw",
                "schedule": "cosine"}
    plan = plan_runs(plan_mixtures(plan_corpora(recipe, inputs, None)), model, training)
    return plan_comparison(plan, {"context_tokens": 256, "stride_tokens": 128}, final=False)


def make_workspace(
    root: Path, seeds: int = 3, hostile: bool = True, recipe_text: str = RECIPE,
) -> tuple[Workspace, Plan]:
    """All steps but the report, committed below `root`; returns them with the plan."""
    plan, workspace = make_plan(root, seeds, recipe_text), Workspace(root / "work")
    assert plan.report is not None
    for step in in_order([plan.report])[:-1]:
        maker = {"documents": _documents, "split": _split, "corpus": _corpus, "mixture": _mixture, "run": _run,
                 "evaluation": _evaluation}.get(step.kind)
        if maker is None:
            commit(workspace.path(step), step, [])
        else:
            maker(step, workspace, plan, hostile)
    return workspace, plan


def _id(*parts: object) -> str:
    return document_id("test", *map(str, parts))


def _documents(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    root, count = workspace.path(step), READ[step.name]
    rows = [{"id": _id(step.name, i), "text": PROSE, "source": step.name} for i in range(count)]
    failed = [ledger_row(_id(step.name, "failed"), step.name, -1, "ingest", "decode", action="fail",
                         detail="gzip member ends early", text=HOSTILE if hostile else "")]
    files = [write_table(root, f"documents/{part_name(0)}", pa.Table.from_pylist(rows, schema=DOCUMENTS)),
             write_table(root, f"ledger/{part_name(0)}", pa.Table.from_pylist(failed, schema=LEDGER))]
    counts = Counts(
        "records", count + 1443, count, failed={"decode": 1}, dropped={"request": 1204, "image": 180, "redirect": 58})
    commit(root, step, files, counts=counts, summary={"notes": {"charset_differs": 3}})


def _split(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    root = workspace.path(step)
    commit(root, step, [write_table(root, SPLIT_PATH, SPLIT.empty_table())])


def _corpus(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    root, source = workspace.path(step), plan.recipe.corpora[step.name].source
    rows, edits, number = [], [], 0
    for index, name, rule, count, value, op, threshold in RULES[step.name]:
        for _ in range(count):
            key = _id(source, number)
            rows.append(ledger_row(
                key, source, index, name, rule, value=value, op=op, threshold=threshold,
                survivor_id=_id("kept") if "duplicate" in rule else None, similarity=0.87 if "near" in rule else None,
                detail="GPL-3.0-only" if rule == "licence" else None,
                text=HOSTILE if hostile and number % 2 else PROSE))
            number += 1
    if any(step_json["step"] == "c4" for step_json in step.parameters["steps"]):
        for i in range(number, READ[source]):
            for rule, line in (("no_terminal_punctuation", 1), ("curly_line", 3)):
                edits.append({"id": _id(source, i), "step_index": 1, "step": "c4", "rule": rule, "line_start": line,
                              "line_end": line + 1, "replacement": None})
    files = [write_table(root, f"ledger/{part_name(0)}", pa.Table.from_pylist(rows, schema=LEDGER)),
             write_table(root, f"edits/{part_name(0)}", pa.Table.from_pylist(edits, schema=EDITS))]
    dropped = {}
    for _, _, rule, count, *_ in RULES[step.name]:
        dropped[rule] = dropped.get(rule, 0) + count
    counts = Counts(read=READ[source], kept=READ[source] - number, dropped=dropped)
    deduplications = {
        f"{index}:{name}": {
            "cluster_sizes": [{"least": 65, "most": 128, "clusters": 1, "documents": count + 1}],
            "largest_clusters": [{"survivor_id": _id("kept"), "documents": count}],
            **({"bands": 14, "rows": 9} if "near" in rule else {})}
        for index, name, rule, count, *_ in RULES[step.name] if "duplicate" in rule}
    summary: dict[str, object] = {"dedup": deduplications}
    if sets := [role.removeprefix(ROLE) for role in step.inputs if role.startswith(ROLE)]:
        # One item that all corpora held, and one of each; the code has one still.
        found = [{"set": name, "item": item, "documents": 2, "kept": kept} for name in sets
                 for item, kept in (("both", 0), (step.name, int(step.name == "code")))]
        files.append(write_table(root, ITEMS_FOUND_PATH, pa.Table.from_pylist(found, schema=ITEMS_FOUND)))
        summary["decontamination"] = {name: {"items": 1319, "too_short": 7, "templates": 1, "documents": 3}
                                      for name in sets}
    commit(root, step, files, counts=counts, sizes={"bytes": 4321 * (READ[source] - number)}, summary=summary)


def _mixture(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    budget = step.parameters["budget_tokens"]
    corpora = {
        corpus: {"weight": weight, "tokens_available": 90_000 + 1000 * len(corpus),
                 "tokens_planned": round(weight * budget), "epochs": weight * budget / (90_000 + 1000 * len(corpus))}
        for corpus, weight in step.parameters["weights"].items()
    }
    stages = [
        {**stage, "until_tokens": round(stage["until"] * budget)} for stage in step.parameters.get("stages", ())]
    commit(workspace.path(step), step, [], summary={"corpora": corpora, **({"stages": stages} if stages else {})})


def _run(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    root, seed = workspace.path(step), step.parameters["seed"]
    mixture = next(name for name in plan.mixtures if step.name.startswith(f"{name}-s"))
    rng = generator(seed, "loss", mixture)
    lines, loss = [], 0.0
    for index in range(1, 129):
        loss = 3.4 + 5 * math.exp(-index / 9) + 1.2 * math.exp(-index / 60) + rng.normal(0, 0.05)
        lines.append({"step": index, "tokens": index * 2048, "loss": round(loss, 5)})
        if index % 13 == 0 or index == 128:
            better = 0.4 if mixture == "with-code" else 0.0
            lines[-1]["validation"] = {
                domain: round(loss + level - (better if domain == "code" else 0) + rng.normal(0, 0.02), 5)
                for domain, level in LEVEL.items()}
    write_text(root / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    weights = plan.recipe.mixtures[mixture].weights
    summary = {"final_loss_nats": loss, "parameters": 1_003_776, "corpora": {
        corpus: {"share": weight + seed / 1e5, "tokens": round(262144 * weight) + seed, "documents": 140 + seed,
                 "bytes": round(262144 * weight * 3.7), "epochs": 262144 * weight / 95_000}
        for corpus, weight in weights.items()}}
    commit(root, step, [file_entry(root, root / "metrics.jsonl")], sizes={"tokens": 262144}, summary=summary)


def _evaluation(step: Step, workspace: Workspace, plan: Plan, hostile: bool) -> None:
    root, run = workspace.path(step), step.inputs["run"]
    assert isinstance(run, Step)
    seed, mixture = run.parameters["seed"], step.name.rpartition("-s")[0]
    rows, metric = [], METRICS[step.parameters["metric"]]
    for domain, effect in EFFECTS.items():
        documents = generator(0, "documents", domain)
        noise = generator(seed, "run", mixture, domain).normal(0, 0.006)
        shift = effect + noise if mixture == "with-code" else noise
        for index in range(60):
            size = int(documents.integers(400, 9000))
            figure = LEVEL[domain] + documents.normal(0, 0.3) + shift * documents.uniform(0.6, 1.4)
            sizes = {"bytes": size, "tokens": size // 4}
            rows.append({
                "run": "unnamed", "arm": mixture, "seed": seed, "domain": domain, "id": _id(domain, index),
                "cluster": "docs.example" if domain == "web-no-code" else f"cluster{index % 17}",
                metric.score: figure * sizes[metric.per] * metric.divisor, **sizes})
    commit(root, step, [write_table(root, f"items/{part_name(0)}", pa.Table.from_pylist(rows, items_schema(metric)))])
