"""What pictures set beside each other is of the same rows, whoever has a risk of more."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.evaluation.together import together, with_every_risk
from training.metrics import Draws


@pytest.fixture
def rows():
    person = np.arange(400)
    progress = person % 2 == 0
    return pd.DataFrame(
        {
            "patient_id": person.astype(str),
            "landmark": pd.Timestamp("2020-01-01"),
            "months_since_index": 0.0,
            "event": np.where(progress, "event", "none"),
            "time_to_event": np.where(progress, 100.0, 2000.0),
        }
    )


@pytest.fixture
def plan(smm_plan):
    task = replace(smm_plan.task, horizons=(24,))
    return replace(smm_plan, task=task, evaluation=replace(smm_plan.evaluation, landmarks=(), bootstrap=20))


def line(table, name, measure):
    return table[(table["model"] == name) & (table["measure"] == measure) & (table["subset"] == "")].iloc[0]


@pytest.mark.parametrize(("has", "said"), [(300, 0.75), (200, 0.5), (199, None)])
def test_all_are_judged_where_all_have_a_risk_and_who_has_too_few_is_left_out(rows, plan, has, said):
    risk = np.where(rows["event"] == "event", 0.6, 0.4)[:, None]
    score = np.where(np.arange(400)[:, None] < has, risk, np.nan)
    found = together(rows, {"cox": risk, "score": score}, plan, Draws.of(rows["patient_id"], 20, 1))
    assert line(found, "cox", "share_computable")["estimate"] == (said or 1.0)
    if said:
        assert line(found, "cox", "brier")["estimate"] == line(found, "score", "brier")["estimate"]
        assert line(found, "cox", "rows")["estimate"] == has
    else:
        assert line(found, "score", "auc")["why"].startswith("it has a risk on fewer than 50% of the visits")


def test_the_figure_of_a_score_on_easy_rows_is_not_set_beside_that_of_a_model_on_all(rows, plan):
    easy = np.arange(400) < 220
    sure = np.where(rows["event"] == "event", 0.9, 0.1)
    model = np.where(easy, sure, 0.5)[:, None]
    score = np.where(easy, np.where(rows["event"] == "event", 0.8, 0.2), np.nan)[:, None]
    found = together(rows, {"cox": model, "score": score}, plan, Draws.of(rows["patient_id"], 20, 1))
    assert line(found, "cox", "brier")["estimate"] == pytest.approx(0.01)
    assert line(found, "score", "brier")["estimate"] == pytest.approx(0.04)


def test_nobody_leaves_nothing():
    assert with_every_risk({"cox": np.zeros((0, 2))})["cox"].shape == (0, 2)
