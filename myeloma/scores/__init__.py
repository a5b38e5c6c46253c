"""Published scores, one idea a file, exact to the publication."""

from myeloma.scores.imwg_2020 import IMWG_2020
from myeloma.scores.mayo_2018 import MAYO_2018, MAYO_2018_FISH
from myeloma.scores.mgus_2005 import MGUS_2005, MGUS_2005_NET
from myeloma.scores.pangea import (
    PANGEA_2023,
    PANGEA_2023_NO_MARROW,
    PANGEA_SMM,
    PANGEA_SMM_NO_MARROW,
    PANGEA_SMM_NO_MARROW_STATIC,
    PANGEA_SMM_STATIC,
    Pangea,
)
from myeloma.scores.ravi_2016 import RAVI_2016
from myeloma.scores.score import Score, ScoreArrays, ScoreResult
from myeloma.scores.smm_historical import CZECH_HEIDELBERG, KYLE_2007, MAYO_2008, PETHEMA
from myeloma.scores.staging import ISS, R2_ISS, R_ISS

_POINT_SCORES = (
    *(MAYO_2018, MAYO_2018_FISH, IMWG_2020, MAYO_2008, PETHEMA, KYLE_2007, CZECH_HEIDELBERG, RAVI_2016),
    *(MGUS_2005, MGUS_2005_NET),
    *(ISS, R_ISS, R2_ISS),
)
_RISK_MODELS = (
    *(PANGEA_SMM, PANGEA_SMM_NO_MARROW, PANGEA_SMM_STATIC, PANGEA_SMM_NO_MARROW_STATIC),
    *(PANGEA_2023, PANGEA_2023_NO_MARROW),
)

POINT_SCORES: dict[str, Score] = {score.key: score for score in _POINT_SCORES}
RISK_MODELS: dict[str, Pangea] = {model.key: model for model in _RISK_MODELS}
SCORES: dict[str, Score | Pangea] = {**POINT_SCORES, **RISK_MODELS}

__all__ = ["POINT_SCORES", "RISK_MODELS", "SCORES", "Pangea", "Score", "ScoreArrays", "ScoreResult"]
