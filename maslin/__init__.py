"""Maslin: raw crawls, code and encyclopaedia dumps into corpora, mixtures, trained models and verdicts.

For notebooks and scripts: `maslin.open("maslin-work")` gives what is built, `maslin.curate("recipe.yaml")` and the like
build it (docs/api.md). To import this package costs nothing: each name is imported when it is first used.
"""

__version__ = "0.2.0"

# A public name → the module that has it, and what it is called there.
PUBLIC = {
    "open": "maslin.results:open_workspace",
    "Workspace": "maslin.results:Workspace",
    "RecipeResults": "maslin.results:RecipeResults",
    "Named": "maslin.results:Named",
    "Result": "maslin.results:Result",
    "Documents": "maslin.results:Documents",
    "Corpus": "maslin.results:Corpus",
    "Tokenizer": "maslin.results:Tokenizer",
    "Tokens": "maslin.results:Tokens",
    "Mixture": "maslin.results:Mixture",
    "Share": "maslin.manifests.manifest:Share",
    "Run": "maslin.results:Run",
    "Evaluation": "maslin.results:Evaluation",
    "Report": "maslin.results:Report",
    "Verdict": "maslin.results:Verdict",
    "NotThereError": "maslin.results:NotThereError",
    "read_recipe": "maslin.manifests.recipe.reading:read_recipe",
    "plan": "maslin.work:plan",
    "missing": "maslin.work:missing",
    "curate": "maslin.work:curate",
    "mix": "maslin.work:mix",
    "train": "maslin.work:train",
    "compare": "maslin.work:compare",
    "explain": "maslin.curation.evidence.found:explain",
    "Found": "maslin.curation.evidence.found:Found",
    "Way": "maslin.curation.evidence.way:Way",
    "Manifest": "maslin.manifests.manifest:Manifest",
    "Counts": "maslin.manifests.counts:Counts",
    "Recipe": "maslin.manifests.recipe.recipe:Recipe",
    "Plan": "maslin.manifests.plan:Plan",
    "Step": "maslin.manifests.workspace:Step",
    "MaslinError": "maslin.manifests.errors:MaslinError",
    "UsageError": "maslin.manifests.errors:UsageError",
    "RecipeError": "maslin.manifests.errors:RecipeError",
    "DataError": "maslin.manifests.errors:DataError",
    "StorageError": "maslin.manifests.errors:StorageError",
}

TYPE_CHECKING = False  # as editors and type checkers read it: true. `typing` is not imported for it.
if TYPE_CHECKING:
    from maslin.curation.evidence.found import Found as Found
    from maslin.curation.evidence.found import explain as explain
    from maslin.curation.evidence.way import Way as Way
    from maslin.manifests.counts import Counts as Counts
    from maslin.manifests.errors import DataError as DataError
    from maslin.manifests.errors import MaslinError as MaslinError
    from maslin.manifests.errors import RecipeError as RecipeError
    from maslin.manifests.errors import StorageError as StorageError
    from maslin.manifests.errors import UsageError as UsageError
    from maslin.manifests.manifest import Manifest as Manifest
    from maslin.manifests.manifest import Share as Share
    from maslin.manifests.plan import Plan as Plan
    from maslin.manifests.recipe.reading import read_recipe as read_recipe
    from maslin.manifests.recipe.recipe import Recipe as Recipe
    from maslin.manifests.workspace import Step as Step
    from maslin.results import Corpus as Corpus
    from maslin.results import Documents as Documents
    from maslin.results import Evaluation as Evaluation
    from maslin.results import Mixture as Mixture
    from maslin.results import Named as Named
    from maslin.results import NotThereError as NotThereError
    from maslin.results import RecipeResults as RecipeResults
    from maslin.results import Report as Report
    from maslin.results import Result as Result
    from maslin.results import Run as Run
    from maslin.results import Tokenizer as Tokenizer
    from maslin.results import Tokens as Tokens
    from maslin.results import Verdict as Verdict
    from maslin.results import Workspace as Workspace
    from maslin.results import open_workspace as open  # noqa: F401
    from maslin.work import compare as compare
    from maslin.work import curate as curate
    from maslin.work import missing as missing
    from maslin.work import mix as mix
    from maslin.work import plan as plan
    from maslin.work import train as train


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = PUBLIC[name].split(":")
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
