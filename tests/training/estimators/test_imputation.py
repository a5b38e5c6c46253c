"""What an unknown biomarker is taken for while a linear model is fitted: the mean, given what is known of the row."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from serving.models import logistic
from training.estimators.design import fit_design
from training.estimators.imputation import ImputedDesign, most_know_all, unknown_biomarkers
from training.estimators.kinds import KINDS
from training.estimators.kinds.cox import fit_cox
from training.estimators.kinds.logistic import fit_logistic

COLUMNS = ["m_protein__last__ever", "bmpc__last__ever", "age"]
SHARE_UNKNOWN = 0.3
ALIKE = 0.8  # correlation of the two biomarkers


def people(n=20_000, seed=1):
    """Return the columns of people whose two biomarkers go with each other, on scales that their limits do not cut, and their age."""
    rng = np.random.default_rng(seed)
    one, other = rng.multivariate_normal([0, 0], [[1, ALIKE], [ALIKE, 1]], n).T
    return np.column_stack([3 + 0.5 * one, 30 + 5 * other, rng.normal(65, 8, n)])


def without_marrow(x, seed=2):
    return np.where((np.random.default_rng(seed).random(len(x)) < SHARE_UNKNOWN)[:, None] & (np.arange(3) == 1), np.nan, x)


def followed(x, seed=3):
    """Return outcomes within 24 months, of which marrow tells twice as much as M-protein."""
    rng = np.random.default_rng(seed)
    within = rng.random(len(x)) < logistic(-2 + (x[:, 0] - 3) / 0.5 * 0.5 + (x[:, 1] - 30) / 5 * 1.0)
    return pd.DataFrame(
        {
            "patient_id": np.arange(len(x)).astype(str),
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.where(within, "event", "none"),
            "time_to_event": np.where(within, rng.uniform(1, 700, len(x)), 2000.0),
        }
    )


def test_it_is_the_mean_given_the_others():
    x = people()
    seen = without_marrow(x)
    design = fit_design(seen, COLUMNS, COLUMNS, indicate=False)
    z, unknown = ImputedDesign.of(design, seen, COLUMNS).transform(seen, COLUMNS), np.isnan(seen[:, 1])
    assert np.polyfit(z[unknown, 0], z[unknown, 1], 1)[0] == pytest.approx(ALIKE * z[~unknown, 1].std() / z[~unknown, 0].std(), abs=0.05)
    assert (z[~unknown] == design.transform(seen, COLUMNS)[~unknown]).all(), "what is known stays as it is"


def test_where_everything_is_known_it_is_the_design_itself():
    x = people(200)
    design = fit_design(x, COLUMNS, COLUMNS, indicate=True, curve=True)
    assert (ImputedDesign.of(design, x, COLUMNS).transform(x, COLUMNS) == design.transform(x, COLUMNS)).all()


def test_of_whom_nothing_is_known_the_mean_is():
    x = people(500)
    x[:5] = np.nan
    x[:5, 2] = 65.0
    design = fit_design(x, COLUMNS, COLUMNS[:2], indicate=False)
    z = ImputedDesign.of(design, x, COLUMNS).transform(x, COLUMNS)
    assert np.abs(z[:5]).max() < 0.05 and (z[:5] == z[0]).all()


@pytest.mark.parametrize("known", [[], [2], [0, 2]])
def test_a_fit_to_people_of_whom_hardly_anything_is_known_gives_risks(known):
    x = people(500)
    rows, seen = followed(x), np.full_like(x, np.nan)
    seen[:, known] = x[:, known]
    for fit, options in ((fit_logistic, {"penalties": (0.01,)}), (fit_cox, {"covariates": tuple(COLUMNS), "penalty": 0.01})):
        assert np.isfinite(fit(seen, rows, COLUMNS, (24,), **options).margins(seen)).all()


def test_only_a_biomarker_of_which_nothing_is_known_is_imputed():
    columns = ["m_protein__last__ever", "m_protein__slope__ever", "bmpc__last__ever", "bmpc_now", "burden_growth", "age"]
    rows = np.ones((5, 6))
    rows[1, 1] = rows[2, 5] = np.nan  # a slope of one result, an age
    rows[3, [2, 3]] = np.nan  # no marrow
    rows[4, [0, 1, 3, 4]] = np.nan  # no M-protein, by which the burden is measured
    imputed = {row: gone.tolist() for those, _, gone in unknown_biomarkers(tuple(columns), rows, columns) for row in those.tolist()}
    assert imputed == {3: [2, 3], 4: [0, 1, 3, 4]}


def test_a_biomarker_without_results_is_imputed_though_its_count_is_known_to_be_0():
    columns, rows = ["m_protein__last__ever", "m_protein__count__ever", "age"], np.ones((3, 3))
    rows[1, :2] = np.nan, 0.0
    ((which, there, gone),) = unknown_biomarkers(tuple(columns), rows, columns)
    assert (which.tolist(), there.tolist(), gone.tolist()) == ([1], [1, 2], [0])


def by_spread(model, coefficients):
    """Return what M-protein and marrow add by standard deviation among people, not among those with the mean of all for what is unknown."""
    return coefficients[:2] / model.design.sd[:2] * [0.5, 5.0]


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_slopes_of_people_of_whom_all_is_known_are_what_they_would_be_were_it_known_of_all(share):
    x = people()
    fit = partial(fit_logistic, rows=followed(x), columns=COLUMNS, horizons=(24,), penalties=(1e-4,), splines=False, hidden_share=share)
    of_all, of_some = (by_spread(model, model.steepness * model.coefficients) for model in (fit(x), fit(without_marrow(x))))
    assert of_some == pytest.approx(of_all, abs=0.06)
    assert of_all == pytest.approx([0.5, 1.0], abs=0.1)


@pytest.mark.parametrize("impute", [True, False])
@pytest.mark.parametrize("known", [0.6, 0.4])
def test_where_most_people_lack_a_biomarker_no_fit_of_a_cox_is_imputed_as_its_recalibration_is_by_all(known, impute):
    x, options = people(100), {"covariates": tuple(COLUMNS), "impute": impute}
    x[np.arange(100) >= known * 100, 1] = np.nan
    settled = KINDS["cox"].settle(x, followed(x), COLUMNS, (24,), **options)
    assert settled == options | {"impute": impute and known >= 0.5}


def test_a_biomarker_that_nobody_has_keeps_nobody_from_knowing_all():
    x = people(300)
    columns, with_nothing = [*COLUMNS, "creatinine__last__ever"], np.column_stack([x, np.full(300, np.nan)])
    assert most_know_all(with_nothing, columns)
    with_nothing[:200, 1] = np.nan
    assert not most_know_all(with_nothing, columns)


def test_cox_likewise_unless_the_mean_of_everybody_is_asked_for():
    x = people()
    rows, options = followed(x), {"covariates": tuple(COLUMNS), "penalty": 1e-4}
    asked = ((x, True), (without_marrow(x), True), (without_marrow(x), False))
    models = [fit_cox(given, rows, COLUMNS, (24,), impute=impute, **options) for given, impute in asked]
    of_all, imputed, plain = (by_spread(model, model.coefficients[0]) for model in models)
    assert imputed == pytest.approx(of_all, abs=0.06)
    assert plain[0] > of_all[0] + 0.1, "M-protein then stands for marrow, too"


def test_those_of_whom_all_is_known_have_their_own_risk_at_diagnosis_where_most_lack_a_result():
    columns, rng, n = ["bmpc__last__ever", "months_since_index"], np.random.default_rng(5), 40_000
    marrow, months = rng.normal(30.0, 5.0, n), rng.exponential(30.0, n)
    within = rng.random(n) < logistic(-3.0 + 2.0 * (marrow - 30.0) / 5.0)
    rows = pd.DataFrame({"patient_id": np.arange(n), "landmark": pd.Timestamp("2020-01-01"), "event": np.where(within, "event", "none")})
    rows["time_to_event"] = np.where(within, 100.0, 2000.0)
    lacks = rng.random(n) < np.where(months < 5.0, 0.8, 0.05)
    x = np.column_stack([np.where(lacks, np.nan, marrow), months])
    risk = logistic(fit_logistic(x, rows, columns, (24,), penalties=(1e-4,), splines=False, weighting="visits").margins(x))[:, 0]
    some = (months < 5.0) & ~lacks
    assert within[some].mean() / risk[some].mean() == pytest.approx(1.0, abs=0.05)
