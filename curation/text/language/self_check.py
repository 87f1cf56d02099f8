"""What set-up proves on this machine: that our own reader of a model answers as the package it comes from."""

from maslin.curation import resources
from maslin.manifests.errors import MaslinError, UsageError

_TOLERANCE = 1e-5  # of a probability: another processor may round a sum otherwise

# The beginning of the Universal Declaration of Human Rights (1948): one language a line, several scripts.
_SENTENCES = (
    "All human beings are born free and equal in dignity and rights.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "人人生而自由,在尊严和权利上一律平等。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
)


def check_lid176() -> str:
    """Compare curation/text/language/lid176.py with fastText itself on a few sentences; returns what was found, in a
    line.

    Raises MaslinError when they differ: languages would then not be told as fastText tells them.
    """
    import pyarrow as pa

    from maslin.curation.text.batch import Batch
    from maslin.curation.text.language.lid176 import load

    try:
        import fasttext  # here alone: languages are told without it
    except ImportError as error:
        raise UsageError(
            "set-up compares our reader of lid.176 with the package `fasttext`, which is not here. Install it: pip "
            "install 'fasttext-community>=0.11.9'") from error
    path = resources.path("lid176")
    # A list, since predict on a single text fails under numpy 2 in most builds of fastText.
    labels, probabilities = fasttext.load_model(str(path)).predict(list(_SENTENCES))
    batch = Batch(pa.table({"text": _SENTENCES}))
    found, scores = load(path).identify(batch.data, batch.offsets)
    for sentence, label, probability, ours, score in zip(_SENTENCES, labels, probabilities, found, scores, strict=True):
        theirs = label[0].removeprefix("__label__")
        if theirs != ours or abs(float(probability[0]) - float(score)) > _TOLERANCE:
            raise MaslinError(
                f"{path.name}: fastText says {theirs} ({probability[0]:.6f}) of «{sentence}», our reader of the model "
                f"{ours} ({score:.6f}). Please report this with your processor and the versions of numpy and numba.")
    return f"{path.name} is read as fastText itself reads it: {len(_SENTENCES)} languages compared."
