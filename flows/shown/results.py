"""What a command prints when it is done: funnels, mixtures, runs, the verdict. Reads manifests only."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from maslin.flows.shown.text import table
from maslin.manifests.workspace import Workspace, read_measured

if TYPE_CHECKING:
    from maslin.manifests.plan import Plan


def print_corpora(plan: "Plan", workspace: Workspace) -> None:
    """The funnel of every corpus: what each rule removed."""
    for name, step in plan.corpora.items():
        manifest = workspace.manifest(step)
        counts = manifest.counted()
        share = counts.kept / counts.read if counts.read else 0.0
        print(f"\n{name}: kept {counts.kept:,} of {counts.read:,} {counts.unit} ({share:.1%}), "
              f"{manifest.sizes.get('bytes', 0) / 1e6:,.1f} MB of text")
        for rule, number in counts.removed.items():
            print(f"  − {number:>9,}  {rule}")
        for stage, found in manifest.summary["dedup"].items():
            if short := found.get("short_documents"):
                print(f"  {short:,} documents have fewer words than {stage.partition(':')[2]} compares at a time: only "
                      "equal texts were found among them")
        print(f"  {workspace.path(step)}")
    print("\nWhy a page is missing: maslin explain URL-OR-ID --workspace", workspace.root)


def print_mixtures(plan: "Plan", workspace: Workspace) -> None:
    for name, step in plan.mixtures.items():
        if not workspace.is_complete(step):
            continue
        about = workspace.manifest(step).summary
        rows = [
            [corpus, entry["weight"], entry["tokens_available"], entry["tokens_planned"], entry["epochs"]]
            for corpus, entry in about["corpora"].items()
        ]
        print(f"\nmixture {name}  ({workspace.path(step)})")
        print(table(rows, ["corpus", "share", "tokens there", "tokens planned", "epochs"]))
        if "stages" in about:
            print(stages_table(about["stages"]))
        if target := about.get("simulate_target_tokens"):
            print(f"epochs as of a run of {target:,} tokens: each corpus is cut to "
                  f"{about['budget_tokens'] / target:.4g} of its tokens, by whole documents")


def stages_table(stages: Sequence[dict[str, Any]]) -> str:
    """The share of every corpus in every stage of a mixture."""
    corpora = sorted({corpus for stage in stages for corpus in stage["weights"]})
    rows = [[corpus, *(float(stage["weights"].get(corpus, 0)) for stage in stages)] for corpus in corpora]
    return table(rows, ["share of", *(f"until {stage['until_tokens']:,} tokens" for stage in stages)])


def print_runs(plan: "Plan", workspace: Workspace) -> None:
    rows = []
    for name, step in plan.runs.items():
        if workspace.is_complete(step):
            manifest, measured = workspace.manifest(step), read_measured(workspace.path(step))
            shares = ["unknown" if (share := measured.get(key)) is None else f"{share:.1%}"
                      for key in ("mfu", "matmul_share")]
            rows.append([
                name, manifest.sizes["tokens"], manifest.summary["final_loss_nats"],
                round(measured["tokens_per_second"]), *shares, step.directory])
    print()
    print(table(rows, ["run", "tokens", "last loss (nats/token)", "tokens/s", "MFU", "of matmul peak", "directory"]))


def print_verdict(plan: "Plan", workspace: Workspace) -> None:
    """The verdict in sentences, and where the report is."""
    assert plan.report is not None
    print()
    for line in workspace.manifest(plan.report).summary["verdict"]:
        print(line)
    print(f"\nReport: {workspace.path(plan.report) / 'report.html'}")
