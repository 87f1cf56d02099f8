"""What a flow run shows of its results: funnels and mixtures as tables, the verdict with a link to the report."""

from collections.abc import Sequence
from typing import Any

from maslin.flows.tracking.watching import artifact_key
from maslin.manifests.manifest import Manifest
from maslin.manifests.visible import visible_line
from maslin.manifests.workspace import Step, Workspace


def show(recipe: str, steps: Sequence[Step], workspace: Workspace) -> None:
    """An artifact for each finished corpus, mixture and report among the steps, in the flow run that calls."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    for step in steps:
        manifest = workspace.manifest(step) if step.kind in ("corpus", "mixture", "report") else None
        if manifest is None:
            continue
        directory = f"`{manifest.directory.absolute()}`"
        if step.kind == "corpus":
            create_table_artifact(
                funnel_rows(manifest), artifact_key(recipe, "funnel", step.name),
                f"Corpus **{step.name}**: what each rule removed, in documents. {directory}")
        elif step.kind == "mixture":
            create_table_artifact(
                mixture_rows(manifest), artifact_key(recipe, "mixture", step.name),
                f"Mixture **{step.name}**: its corpora, their shares, and how often they repeat. {directory}")
        else:
            create_markdown_artifact(
                verdict_page(recipe, manifest), artifact_key(recipe, "verdict"), f"Verdict of **{recipe}**")


def funnel_rows(manifest: Manifest) -> list[dict[str, Any]]:
    """What was read, what each rule dropped, the most first, what failed, and what was kept."""
    counts = manifest.counted()
    removed = sorted((counts.dropped | counts.failed).items(), key=lambda item: (-item[1], item[0]))
    rows = [("read", counts.read), *((f"− {rule}", number) for rule, number in removed), ("kept", counts.kept)]
    return [{"rule": rule, counts.unit: number, "share of read": f"{number / max(1, counts.read):.2%}"}
            for rule, number in rows]


def mixture_rows(manifest: Manifest) -> list[dict[str, Any]]:
    return [{"corpus": corpus, "share": f"{entry['weight']:.2%}", "tokens there": entry["tokens_available"],
             "tokens planned": entry["tokens_planned"], "epochs": round(entry["epochs"], 3)}
            for corpus, entry in manifest.summary["corpora"].items()]


def verdict_page(recipe: str, manifest: Manifest) -> str:
    """Markdown. Browsers follow no link from a server's page to a file: the path stands there, too."""
    report = manifest.directory.absolute() / "report.html"
    lines = "\n".join(f"- {visible_line(line)}" for line in manifest.summary["verdict"])
    return f"## Verdict of {recipe}\n\n{lines}\n\n[Report]({report.as_uri()}): `{report}`\n"
