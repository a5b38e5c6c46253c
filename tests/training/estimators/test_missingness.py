"""What a fit learns of people of whom something is not known, where in training nearly everything was."""

import numpy as np
import pandas as pd
import pytest

from serving.models import logistic
from training.estimators.design import fit_design
from training.estimators.kinds.boosting import fit_boosting
from training.estimators.kinds.logistic import fit_logistic
from training.estimators.missingness import augment_missingness
from training.estimators.stacking import Stacked

COLUMNS = ["m_protein__last__ever", "m_protein__slope__ever", "bmpc__last__ever", "age", "months_since_index"]
TREES = {"rounds": 60, "depth": 2, "eta": 0.1, "min_child_weight": 5, "subsample": 0.8, "l2": 1, "seed": 1}


def stacked(n):
    """Return n rows at two horizons, of which the second is known for every other row."""
    row = np.concatenate([np.arange(n), np.arange(0, n, 2)])
    return Stacked(row, np.repeat([0, 1], [n, len(row) - n]), (row % 3 == 0).astype(float), 1.0 + row)


def test_a_share_of_the_rows_comes_again_with_biomarkers_hidden_whole_and_the_time_since_diagnosis_never():
    x = np.random.default_rng(1).random((8000, len(COLUMNS)))
    found, _ = augment_missingness(x, COLUMNS, stacked(8000), 0.25, seed=1)
    assert (found[:8000] == x).all()
    hidden = np.isnan(found[8000:])
    assert len(hidden) == pytest.approx(2000, abs=120)
    assert (hidden[:, 0] == hidden[:, 1]).all()
    assert not hidden[:, 4].any()
    assert hidden[:, [0, 2, 3]].mean(axis=0) == pytest.approx(0.5, abs=0.05)
    assert hidden[:, :4].all(axis=1).mean() == pytest.approx(1 / 8, abs=0.03)


def test_what_marrow_is_by_now_is_hidden_with_marrow_and_with_the_burden():
    columns = ["burden_growth", "burden_change", "bmpc_now", "bmpc__last__ever"]
    found, _ = augment_missingness(np.ones((8000, 4)), columns, stacked(8000), 0.25, seed=1)
    growth, change, by_now, last = np.isnan(found[8000:]).T
    assert (growth == change).all()
    assert (by_now == (growth | last)).all()
    assert (growth & ~last).any() and (last & ~growth).any() and (~growth & ~last).any()


def test_a_copy_keeps_what_is_not_hidden_and_the_outcome_and_shares_the_weight_at_each_horizon():
    x = np.arange(200.0)[:, None] + np.linspace(0, 0.9, len(COLUMNS))  # every value tells its row
    found, given = augment_missingness(x, COLUMNS, stacked(200), 0.3, seed=1)
    original = np.floor(found[:, 4]).astype(int)
    assert (found == x[original])[~np.isnan(found)].all()
    row = original[given.row]
    copies = original[200:]
    assert (given.y == (row % 3 == 0)).all()
    assert (given.weight == (1.0 + row) / np.where(np.isin(row, copies), 2, 1)).all()
    assert sorted(row[(given.row >= 200) & (given.horizon == 1)]) == sorted(copies[copies % 2 == 0])


def test_of_very_many_rows_no_more_are_copied_than_tell_something():
    for rows, copies in ((100_000, 20_000), (1_000_000, 50_000)):
        found, _ = augment_missingness(np.zeros((rows, 5), dtype=np.float32), COLUMNS, stacked(rows), 0.5, seed=1)
        assert len(found) - rows == pytest.approx(copies, rel=0.03)
    design = fit_design(found + np.arange(len(found), dtype=np.float32)[:, None], COLUMNS, COLUMNS, indicate=True)
    assert {"m_protein__last__ever", "bmpc__last__ever"} <= set(design.indicated), "enough to say that it is missing"


def test_the_count_of_a_hidden_biomarker_is_0_as_of_somebody_without_results():
    columns = ["m_protein__last__ever", "m_protein__count__ever", "age"]
    found, _ = augment_missingness(np.full((400, 3), 2.0), columns, stacked(400), 0.5, seed=1)
    copies = found[400:]
    assert np.isnan(copies[:, 0]).any()
    assert (copies[:, 1] == np.where(np.isnan(copies[:, 0]), 0.0, 2.0)).all()


def test_no_share_changes_nothing():
    x, before = np.random.default_rng(1).random((100, len(COLUMNS))), stacked(100)
    found, after = augment_missingness(x, COLUMNS, before, 0.0, seed=1)
    assert (found == x).all() and (after.row == before.row).all() and (after.weight == before.weight).all()


@pytest.mark.parametrize(("fit", "options"), [(fit_logistic, {"penalties": (0.01,)}), (fit_boosting, TREES)])
def test_of_whom_nothing_is_known_the_risk_is_that_of_people_on_average(fit, options):
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.uniform(low, high, 4000) for low, high in ((0.2, 5), (-1, 1), (5, 50), (40, 90), (0, 0))])
    chance = logistic(-7 + 1.5 * x[:, 0] + 0.05 * x[:, 2])
    progresses = rng.random(4000) < chance
    rows = pd.DataFrame(
        {
            "patient_id": np.arange(4000).astype(str),
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.where(progresses, "event", "none"),
            "time_to_event": np.where(progresses, 200.0, 2000.0),
        }
    )
    unknown = np.array([[np.nan, np.nan, np.nan, 65.0, 0.0]])
    without, learnt = (logistic(fit(x, rows, COLUMNS, (24,), hidden_share=h, **options).margins(unknown))[0, 0] for h in (0.0, 0.1))
    assert learnt == pytest.approx(chance.mean(), rel=0.15)
    assert abs(without - chance.mean()) > 0.2 * chance.mean()
