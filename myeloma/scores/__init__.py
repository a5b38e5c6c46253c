"""Published scores, one a file, exact to the publication."""

from myeloma.scores.mayo_2018 import MAYO_2018, Score

SCORES = {MAYO_2018.key: MAYO_2018}

__all__ = ["MAYO_2018", "SCORES", "Score"]
