"""Language identification by fastText's lid.176 (Joulin et al., 2016; the compressed model lid.176.ftz), or langdetect.

The whole text is given to the model (a newline is a space to it); its best label and probability (at most 1) become
the document's `language` and `language_score`. A document is dropped when the language is not among `keep` (rule
`language`), or the score is below `min_score` (rule `language_score`). `method: langdetect` answers as the package of
that name (curation/text/language/langdetect.py); with `min_score: 0.99` it is C4's gate (TFDS 4.9.10 `is_language`).
"""

from functools import cache

import numpy as np
import pyarrow as pa

from maslin.curation import resources
from maslin.curation.rules.judgement import Judgement
from maslin.curation.text.batch import Batch, Decision
from maslin.curation.text.language import langdetect, lid176
from maslin.manifests.steps.language import LANGUAGE, Language


def judge(batch: Batch, parameters: Language) -> Decision:
    found, score = METHODS[parameters.method](batch)
    judgement = Judgement(LANGUAGE, parameters, batch)
    for row, language in enumerate(found):
        if language not in parameters.keep:
            judgement.drop("language", row, detail=language)
        elif score[row] < parameters.min_score:
            judgement.drop("language_score", row, score[row], language)
    return judgement.decision(
        {"score": score}, {"language": pa.array(found, pa.string()), "language_score": pa.array(score)})


def identify(batch: Batch) -> tuple[list[str], np.ndarray]:
    """The most probable language of each text (a code such as `en` or `zh`), and its probability, float64."""
    found, probability = _model().identify(batch.data, batch.offsets)
    return found, np.minimum(probability.astype(np.float64), 1.0)


def _identify_by_langdetect(batch: Batch) -> tuple[list[str], np.ndarray]:
    return langdetect.identify(batch.texts)


METHODS = {"lid176": identify, "langdetect": _identify_by_langdetect}


@cache
def _model() -> lid176.Model:
    return lid176.load(resources.path("lid176"))
