"""Which stage of a command a step is of, and the stages of a run: sub-flows that are open while their steps are built.

A sub-flow costs Prefect some requests, so there is none for each step: one for a source, a corpus with its filters and
deduplication, the tokens, a run with its score, the report. And it is made by Prefect's client: its engine would take
twice the requests, and at the end of each sub-flow wait a second for the thread that sends heartbeats.
"""

from collections.abc import Sequence
from contextvars import Context
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from maslin.manifests.plan import Plan, in_order
from maslin.manifests.workspace import Step

_KINDS = {
    "documents": "ingest", "tokenizer": "tokens", "tokens": "tokens", "mixture": "tokens", "run": "run",
    "evaluation": "run", "stack": "run", "corpus": "corpus", "held_out": "corpus", "report": "report"}


class StageName(NamedTuple):
    """`ingest web`, `corpus web`, `tokens small`, `run base-s0`, `report small`: what is done, and of what."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def stages_of(steps: Sequence[Step], plan: Plan) -> dict[str, StageName]:
    """The stage of each step, by its directory.

    What several corpora of a source share is of the first of them.
    """
    owners: dict[str, str] = {}
    for name, corpus in plan.corpora.items():
        source = plan.recipe.corpora[name].source
        for step in in_order([corpus]):
            if step.name == source:
                owners.setdefault(step.directory, name)

    def stage(step: Step) -> StageName:
        kind = _KINDS.get(step.kind, "corpus" if step.directory in owners else step.kind)
        if kind == "tokens":
            return StageName(kind, plan.recipe.name)
        return StageName(kind, step.name if step.kind in _KINDS else owners.get(step.directory, step.name))

    return {step.directory: stage(step) for step in steps}


class Stage:
    """A sub-flow of the flow run whose context `root` is. Raises what Prefect's API does."""

    def __init__(self, name: StageName, root: Context) -> None:
        self.error: BaseException | None = None  # of its own work
        self._root = root.copy()
        self._run, self._context = root.copy().run(self._begin, name)

    def context(self) -> Context:
        """One in which tasks are those of the sub-flow."""
        context = self._root.copy()
        context.run(type(self._context).__var__.set, self._context)
        return context

    def _begin(self, name: StageName) -> tuple[UUID, Any]:
        """The sub-flow's run, running, and its context."""
        from prefect import flow, task
        from prefect.context import FlowRunContext, TagsContext
        from prefect.states import Running

        context = FlowRunContext.get()
        assert context is not None and context.flow_run is not None

        def stage(name: str) -> None:
            """What is shown of a stage; its tasks are run by us."""

        self._client, key = context.client, f"{name}-{uuid4().hex[:8]}"
        of_kind = flow(name=f"maslin-{name.kind}", persist_result=False, validate_parameters=False)(stage)
        stands_for = self._client.create_task_run(task(stage, name=str(name)), context.flow_run.id, key, name=str(name))
        run = self._client.create_flow_run(
            of_kind, str(name), {"name": name.name}, tags=TagsContext.get().current_tags,
            parent_task_run_id=stands_for.id, state=Running())
        return run.id, context.model_copy(
            update={"flow": of_kind, "flow_run": run, "run_results": {}, "task_run_dynamic_keys": {}})

    def end(self, error: BaseException | None = None) -> None:
        """Completed; failed by an error; or cancelled, where that is of another stage, or an interrupt."""
        from prefect.states import Cancelled, Completed, Failed

        error = self.error or error
        if error is None:
            state = Completed()
        elif error is self.error and isinstance(error, Exception):
            state = Failed(message=f"{type(error).__name__}: {error}")
        else:
            state = Cancelled(message="The command ended before this stage did. Finished shards are kept.")
        self._client.set_flow_run_state(self._run, state, force=True)
