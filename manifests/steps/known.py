"""All curation steps a recipe may name, what a corpus drops besides, and the decoder of entries in manifests."""

from collections.abc import Mapping
from typing import Any

from maslin.manifests.errors import UsageError
from maslin.manifests.steps import c4, dedup, fineweb, gopher, language, licence, refinedweb
from maslin.manifests.steps.spec import CurationStep, Rule, StepSpec

STEPS: dict[str, StepSpec] = {spec.name: spec for spec in (
    language.LANGUAGE, c4.C4_STEP, c4.C4_LENGTH, c4.MC4_PARAGRAPHS, c4.OFFENSIVE, licence.LICENCE,
    gopher.GOPHER_QUALITY, gopher.GOPHER_REPETITION, fineweb.FINEWEB, refinedweb.NEWLINE_REMOVAL, refinedweb.REFINEDWEB,
    dedup.ONE_EXTRACTOR, dedup.EXACT_DEDUP, dedup.NEAR_DEDUP, dedup.PASSAGE_DEDUP, c4.C4_URL_DEDUP, c4.C4_LINE_DEDUP,
)}

HELD_OUT = "held_out"  # the step, and its rule whose documents runs are scored on: they are not for reading
DECONTAMINATION = "decontamination"  # the step and its rule
# What a corpus itself drops after its steps (curation/corpora/corpus.py), by the name of the step in the ledger:
# held-out documents, drawn by a hash of the seed and the duplicate group, what holds a part of them, duplicates across
# corpora, and what holds an item of an evaluation set.
CORPUS_RULES: dict[str, tuple[Rule, ...]] = {
    HELD_OUT: (
        Rule(HELD_OUT, words="is held out to score runs on"),
        Rule("held_out_overlap", ">=", words="holds a part of a held-out document"),
        Rule("held_out_parts", ">=", words="is among those that hold most small parts of held-out documents"),
    ),
    "dedup_across": (Rule("dedup_across", ">=", words="is near a document of an earlier corpus"),),
    DECONTAMINATION: (Rule(DECONTAMINATION, ">=", words="holds an item of an evaluation set"),),
}


def decode(entry: Mapping[str, Any]) -> CurationStep:
    """The step of an entry as manifests hold it, {"step", "version", "parameters"}: see StepSpec.decode.

    An entry of a person's own rule has the digest of its `code` and what it `declared` besides; the code is not needed.
    """
    if "code" in entry:
        spec = StepSpec.from_json(entry["step"], entry["version"], entry["code"], entry["declared"])
        return CurationStep(spec, spec.decode(entry["parameters"]))
    if entry["step"] not in STEPS:
        raise UsageError(f"{entry['step']}: no step of this version; it has {', '.join(STEPS)}.")
    spec = STEPS[entry["step"]]
    return CurationStep(spec, spec.decode(entry["parameters"]))
