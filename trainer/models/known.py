"""The architectures there are: one line each. Light: no torch."""

from maslin.manifests.errors import UsageError
from maslin.trainer.models.bert.spec import Bert
from maslin.trainer.models.gpt2.spec import GPT2
from maslin.trainer.models.llama.spec import Llama
from maslin.trainer.models.spec import Architecture
from maslin.trainer.models.t5.spec import T5

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture for architecture in (Llama(), GPT2(), Bert(), T5())
}


def architecture_named(name: str) -> Architecture:
    """Raises UsageError for one that is not known."""
    if name not in ARCHITECTURES:
        raise UsageError(f"model: architecture is {name!r}, it is one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]


def decoders() -> list[str]:
    """The names of those that give a text a probability."""
    return [name for name, architecture in ARCHITECTURES.items() if architecture.is_decoder]
