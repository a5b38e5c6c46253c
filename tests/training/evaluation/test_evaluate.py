"""Which of the candidates is the best."""

import pytest

from myeloma import StateError
from training.evaluation.evaluate import best


def test_the_best_is_the_one_that_stands_first_among_the_candidates(smm_plan):
    figures = {"cox": (0.08709, 0.65), "logistic": (0.08712, 0.66), "boosting": (0.09, 0.7), "mayo_2018": (0.01, 0.9)}
    results = {
        name: {"published": name == "mayo_2018", "metrics": {"brier_24m": brier, "auc_24m": auc}} for name, (brier, auc) in figures.items()
    }
    assert best(results, smm_plan) == "logistic", "of Brier scores that are shown equal the higher AUC goes first"


def test_published_scores_alone_have_no_best(smm_plan):
    with pytest.raises(StateError, match="only published scores"):
        best({"mayo_2018": {"published": True, "metrics": {}}}, smm_plan)
