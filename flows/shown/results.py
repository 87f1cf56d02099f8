"""What a command says when it is done: corpora, mixtures, runs, the verdict. Reads manifests only."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from maslin.flows.shown.answers import Compared, CorpusBuilt, Curated, Mixed, MixtureBuilt, RunTrained, Trained
from maslin.flows.shown.text import table
from maslin.manifests.workspace import Workspace, read_measured

if TYPE_CHECKING:
    from maslin.manifests.plan import Plan
    from maslin.manifests.workspace import Step


class _OfRecipe(TypedDict):
    recipe: str
    workspace: str


def _of(plan: "Plan", workspace: Workspace) -> _OfRecipe:
    return {"recipe": plan.recipe.name, "workspace": str(workspace.root)}


def curated(plan: "Plan", workspace: Workspace) -> Curated:
    """What each rule removed of every corpus."""
    return {**_of(plan, workspace), "corpora": [_corpus(step, workspace) for step in plan.corpora.values()]}


def _corpus(step: "Step", workspace: Workspace) -> CorpusBuilt:
    manifest = workspace.manifest(step)
    short = {stage.partition(":")[2]: number for stage, found in manifest.summary["dedup"].items()
             if (number := found.get("short_documents"))}
    return {"name": step.name, "directory": str(workspace.path(step)), "counts": manifest.counted().to_json(),
            "text_bytes": manifest.sizes.get("bytes", 0), "short_documents": short}


def print_corpora(answer: Curated) -> None:
    """The funnel of every corpus."""
    for corpus in answer["corpora"]:
        counts = corpus["counts"]
        share = counts["kept"] / counts["read"] if counts["read"] else 0.0
        print(f"\n{corpus['name']}: kept {counts['kept']:,} of {counts['read']:,} {counts['unit']} ({share:.1%}), "
              f"{corpus['text_bytes'] / 1e6:,.1f} MB of text")
        removed = counts["dropped"] | counts["failed"]
        for rule, number in sorted(removed.items(), key=lambda item: (-item[1], item[0])):
            print(f"  − {number:>9,}  {rule}")
        for stage, number in corpus["short_documents"].items():
            print(f"  {number:,} documents have fewer words than {stage} compares at a time: only equal texts were "
                  "found among them")
        print(f"  {corpus['directory']}")
    print("\nWhy a page is missing: maslin explain ADDRESS-OR-ID --workspace", answer["workspace"])


def mixed(plan: "Plan", workspace: Workspace) -> Mixed:
    """The finished mixtures."""
    return {**_of(plan, workspace), "mixtures": [
        _mixture(step, workspace) for step in plan.mixtures.values() if workspace.is_complete(step)]}


def _mixture(step: "Step", workspace: Workspace) -> MixtureBuilt:
    about = workspace.manifest(step).summary
    return {
        "name": step.name, "directory": str(workspace.path(step)), "budget_tokens": step.parameters["budget_tokens"],
        "simulate_target_tokens": about.get("simulate_target_tokens"),
        "corpora": [
            {"corpus": corpus, "share": entry["weight"], "tokens_there": entry["tokens_available"],
             "tokens_planned": entry["tokens_planned"], "epochs": entry["epochs"]}
            for corpus, entry in about["corpora"].items()],
        "stages": [{"until_tokens": stage["until_tokens"], "shares": stage["weights"]}
                   for stage in about.get("stages", ())]}


def print_mixtures(answer: Mixed) -> None:
    for mixture in answer["mixtures"]:
        print(f"\nmixture {mixture['name']}  ({mixture['directory']})")
        print(table([list(corpus.values()) for corpus in mixture["corpora"]],
                    ["corpus", "share", "tokens there", "tokens planned", "epochs"]))
        if mixture["stages"]:
            print(stages_table([(stage["until_tokens"], stage["shares"]) for stage in mixture["stages"]]))
        if target := mixture["simulate_target_tokens"]:
            print(f"epochs as of a run of {target:,} tokens: each corpus is cut to "
                  f"{mixture['budget_tokens'] / target:.4g} of its tokens, by whole documents")


def stages_table(stages: Sequence[tuple[int, Mapping[str, Any]]]) -> str:
    """The share of every corpus in every stage of a mixture: (until so many tokens, share by corpus)."""
    corpora = sorted({corpus for _, shares in stages for corpus in shares})
    rows = [[corpus, *(float(shares.get(corpus, 0)) for _, shares in stages)] for corpus in corpora]
    return table(rows, ["share of", *(f"until {until:,} tokens" for until, _ in stages)])


def trained(plan: "Plan", workspace: Workspace) -> Trained:
    """The finished runs."""
    return {**_of(plan, workspace), "runs": [
        _run(name, step, workspace) for name, step in plan.runs.items() if workspace.is_complete(step)]}


def _run(name: str, step: "Step", workspace: Workspace) -> RunTrained:
    manifest, measured = workspace.manifest(step), read_measured(workspace.path(step))
    return {
        "name": name, "directory": str(workspace.path(step)), "tokens": manifest.sizes["tokens"],
        "final_loss_nats": manifest.summary["final_loss_nats"],
        "tokens_per_second": measured.get("tokens_per_second"), "mfu": measured.get("mfu"),
        "matmul_share": measured.get("matmul_share")}


def print_runs(answer: Trained) -> None:
    rows = [
        [run["name"], run["tokens"], run["final_loss_nats"],
         None if run["tokens_per_second"] is None else round(run["tokens_per_second"]),
         *("unknown" if run[share] is None else f"{run[share]:.1%}" for share in ("mfu", "matmul_share")),
         run["directory"]]
        for run in answer["runs"]]
    print()
    print(table(rows, ["run", "tokens", "last loss (nats/token)", "tokens/s", "MFU", "of matmul peak", "directory"]))


def compared(plan: "Plan", workspace: Workspace) -> Compared:
    """The verdict, and where the report is."""
    assert plan.report is not None
    summary, root = workspace.manifest(plan.report).summary, workspace.path(plan.report)
    answer: Compared = {
        **_of(plan, workspace), "verdict": summary["verdict"], "verdicts": summary["verdicts"],
        "report": str(root / "report.html"), "comparison": str(root / "comparison.json")}
    if "rounds" in summary:
        answer["rounds"] = summary["rounds"]
    return answer


def print_verdict(answer: Compared) -> None:
    print()
    for line in answer["verdict"]:
        print(line)
    print(f"\nReport: {answer['report']}")
