"""Fitting the chance that death comes first: on people of whom the truth is known."""

import numpy as np
import pandas as pd
import pytest

from features.table.outcomes import COMPETING, EVENT, NONE
from training.estimators.censoring_strata import STRATUM
from training.estimators.competing import as_event, fit_competing

HORIZONS = (12, 60)
YEAR = 365.25


def made(n=6000, seed=1, deaths=True):
    """Return people whose death goes with age alone, whose event goes with a score alone, and who leave at random; and that score."""
    rng = np.random.default_rng(seed)
    age, score = rng.uniform(50, 90, n), rng.normal(size=n)
    hazard_death = (0.02 * np.exp(0.9 * (age - 70) / 10)) if deaths else np.full(n, 1e-9)
    hazard_event = 0.04 * np.exp(score)
    death, event, left = (rng.exponential(1 / h) for h in (hazard_death, hazard_event, np.full(n, 0.1)))
    first = np.minimum(np.minimum(death, event), left)
    kind = np.where(first == event, EVENT, np.where(first == death, COMPETING, NONE))
    rows = pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(n)],
            "landmark": pd.Timestamp("2010-01-01"),
            "index_date": pd.Timestamp("2010-01-01"),
            "age": age,
            "female": rng.integers(0, 2, n).astype(float),
            "event": kind,
            "time_to_event": np.ceil(first * YEAR),
            "follow_up": np.ceil(first * YEAR),
            "censored_by": np.where(kind == NONE, "last_contact", ""),
            STRATUM: 0,
        }
    )
    total = hazard_death + hazard_event
    truth = np.column_stack([hazard_death / total * (1 - np.exp(-total * months / 12)) for months in HORIZONS])
    risks = np.column_stack([hazard_event / total * (1 - np.exp(-total * months / 12)) for months in HORIZONS])
    return rows, risks, truth


def test_the_share_who_die_first_is_the_true_one_in_every_decade_of_age():
    rows, risks, truth = made()
    fitted = fit_competing(rows, risks, HORIZONS)
    fresh, risks, truth = made(seed=2)
    found = fitted.risks(fresh["age"].to_numpy(), fresh["female"].to_numpy(), risks)
    for low in (50, 60, 70, 80):
        there = fresh["age"].between(low, low + 10).to_numpy()
        assert found[there].mean(axis=0) == pytest.approx(truth[there].mean(axis=0), rel=0.25, abs=0.004)
    assert np.corrcoef(found[:, 1], truth[:, 1])[0, 1] > 0.95
    assert (found + risks <= 1).all()


def test_without_age_or_sex_or_with_too_few_deaths_there_is_none():
    rows, risks, _ = made(600)
    assert fit_competing(rows.drop(columns="female"), risks, HORIZONS) is None
    assert fit_competing(rows.assign(age=np.nan), risks, HORIZONS) is None
    few, risks, _ = made(600, deaths=False)
    assert fit_competing(few, risks, HORIZONS) is None


def test_the_competing_event_as_the_event():
    rows = pd.DataFrame({"event": [EVENT, COMPETING, NONE]})
    assert as_event(rows)["event"].tolist() == [COMPETING, EVENT, NONE]
    assert as_event(as_event(rows))["event"].tolist() == rows["event"].tolist()
