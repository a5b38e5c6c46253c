"""Each estimator by itself: figures that agree with R, and what is its own. What all of them keep is in `test_contract.py`."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index
from threadpoolctl import threadpool_limits

from features.table.outcomes import COMPETING, EVENT
from myeloma import ConfigError
from myeloma.calendar import horizon_days
from serving.artifact import Calibration, feature_matrix, save_artifact
from serving.models import logistic, logit
from serving.models.design import spline
from serving.predict import explain, predict_die_first, predict_interval, predict_risk
from training.estimators import Fitted, check_models, fit_candidate
from training.estimators.calibrated import fit_calibration
from training.estimators.design import fit_design
from training.estimators.kinds.boosting import direction_of_harm, fit_boosting
from training.estimators.kinds.cox import fit_cox
from training.estimators.kinds.ensemble import member_weights
from training.estimators.kinds.logistic import fit_logistic
from training.estimators.stacking import stack
from training.metrics import aalen_johansen
from training.metrics.measures.incidence import cumulative_incidence
from training.rows.censoring import FollowUp

KINDS = ("boosting", "logistic", "cox")


@pytest.fixture(scope="module")
def fitted(mgus_table, mgus_plan):
    return {kind: fit_candidate(mgus_table.rows, mgus_table.spec, mgus_plan, kind, {"task": "mgus"}).artifact for kind in KINDS}


@pytest.fixture(scope="module")
def fitted_smm(smm_table, small_smm_plan):
    known: dict[str, Fitted] = {}
    for kind in small_smm_plan.models:
        known[kind] = fit_candidate(smm_table.rows, smm_table.spec, small_smm_plan, kind, {"task": "smm"}, known)
    return {kind: fitted.artifact for kind, fitted in known.items()}


def test_a_column_of_one_value_is_left_out_although_rounding_gives_it_a_spread():
    tenth = np.where(np.arange(3001) % 2, 0.1, np.nan)
    assert np.std(np.full(3001, 0.1)) > 0
    x = np.column_stack([np.arange(3001.0), tenth])
    assert fit_design(x, ["age", "m_protein__mean__ever"], ["age", "m_protein__mean__ever"], indicate=False).features == ("age",)


@pytest.mark.parametrize("kind", ["logistic", "cox"])  # the base of boosting holds the horizon's own share, which differs between people
def test_everybody_starts_from_the_same_base(fitted_smm, smm_table, kind):
    explained = explain(fitted_smm[kind], feature_matrix(fitted_smm[kind], smm_table.rows.head(200)))
    assert np.ptp(explained.base, axis=0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_mean_predicted_20_year_risk_of_mgus_is_near_10_percent_not_21(fitted, mgus_table, kind):
    risk = predict_risk(fitted[kind], feature_matrix(fitted[kind], mgus_table.rows))[:, 2]
    assert 100 * risk.mean() == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_chance_that_death_comes_first_is_the_observed_one_on_mgus2(fitted, mgus_table, kind):
    artifact, rows = fitted[kind], mgus_table.rows
    x = feature_matrix(artifact, rows)
    risks = predict_risk(artifact, x)
    found = predict_die_first(artifact, x, risks)
    death = rows["event"].map({EVENT: 2, COMPETING: 1}).fillna(0).to_numpy()
    days = [horizon_days(months) for months in artifact.horizons]
    observed = cumulative_incidence(rows["time_to_event"], death, days)
    assert found.mean(axis=0) == pytest.approx(observed, abs=0.02)
    assert (found + risks <= 1).all() and (np.diff(found, axis=1) >= 0).all()


def test_cox_on_mgus2_has_the_concordance_of_r(mgus_table, mgus_plan):
    # R survival 3.5-3, coxph(Efron) on mspike + hgb + creat + age: C 0.671, 1,338 people, 112 events.
    covariates = ["m_protein__last__ever", "hemoglobin__last__ever", "creatinine__last__ever", "age"]
    complete = mgus_table.rows.dropna(subset=covariates)
    progressed = complete["event"] == "event"
    assert (len(complete), progressed.sum()) == (1338, 112)
    x = complete[mgus_table.spec.columns()].to_numpy()
    cox = fit_cox(x, complete, mgus_table.spec.columns(), mgus_plan.task.horizons, covariates=tuple(covariates))
    predictor = cox.design.transform(x, mgus_table.spec.columns()) @ cox.coefficients[0]
    assert concordance_index(complete["time_to_event"], -predictor, progressed) == pytest.approx(0.671, abs=0.005)


def test_a_cox_model_without_covariate_effects_is_aalen_johansen(fitted, mgus_table):
    cox = fitted["cox"].model
    flat = replace(cox, coefficients=np.zeros_like(cox.coefficients), monthly_hazard=_nelson_aalen(mgus_table.rows, cox.horizons))
    x = mgus_table.rows[mgus_table.spec.columns()].to_numpy()[:1]
    expected = aalen_johansen(FollowUp.of(mgus_table.rows), [float(horizon_days(h)) for h in cox.horizons])
    assert 1 / (1 + np.exp(-flat.margins(x)[0])) == pytest.approx(expected, rel=0.005)


def _nelson_aalen(rows, horizons):
    at_risk, progressed, died, _ = FollowUp.of(rows).counts()
    edges = [horizon_days(month) for month in range(horizons[-1] + 1)]
    reached = np.searchsorted(np.unique(rows["time_to_event"]), edges, side="right")
    return np.array([np.diff(np.concatenate([[0], np.cumsum(events / at_risk)])[reached]) for events in (progressed, died)])


def test_shapley_values_of_cox_are_zero_for_the_reference_person_and_share_nothing_with_unused_columns(fitted_smm):
    artifact = fitted_smm["pangea_form"]
    design = artifact.model.design
    assert not design.knots, "nobody is at the mean of a value and of its bends at once"
    reference = np.full((1, len(artifact.columns)), np.nan)
    for name, mean, sd, middle, scale in zip(design.features, design.mean, design.sd, design.fill, design.scale, strict=True):
        assert sd > 0
        assert np.isfinite(middle)
        reference[0, artifact.columns.index(name)] = np.exp(mean) if scale == "log" else mean
    contributions = artifact.model.contributions(reference)
    assert contributions == pytest.approx(np.zeros_like(contributions), abs=1e-9)


def test_treeshap_of_the_booster_is_what_shap_computes(fitted_smm, smm_table):
    import shap

    from serving.models.boosted import stack_horizons

    model = fitted_smm["boosting"].model
    x = feature_matrix(fitted_smm["boosting"], smm_table.rows.head(20))
    explainer = shap.TreeExplainer(model.booster)
    explainer.model.model_type = "internal"  # or it hands the trees back to XGBoost, which would be compared with itself
    theirs = explainer.shap_values(stack_horizons(x, model.horizons), check_additivity=False)[:, : len(model.columns)]
    assert np.abs(theirs).max() > 0.01
    ours = model.contributions(x).transpose(1, 0, 2).reshape(theirs.shape)
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_calibration_undoes_a_shift_and_a_stretch_of_the_log_odds(mgus_table, fitted):
    x = mgus_table.rows[mgus_table.spec.columns()].to_numpy()
    margins = fitted["cox"].model.margins(x)
    right = fit_calibration(margins, mgus_table.rows, (60, 120, 240))
    wrong = fit_calibration(2.0 * margins + 1.0, mgus_table.rows, (60, 120, 240))
    assert wrong.slope == pytest.approx(right.slope / 2, rel=0.02)
    assert np.array(wrong.intercepts) == pytest.approx(np.array(right.intercepts) - right.slope / 2, abs=0.05)


def test_stacked_rows_leave_out_those_whose_status_is_unknown(mgus_table):
    stacked = stack(mgus_table.rows, (60, 240))
    lost_before = (mgus_table.rows["event"] == "none") & (mgus_table.rows["time_to_event"] <= horizon_days(240))
    at_240 = stacked.row[stacked.horizon == 1]
    assert not set(np.flatnonzero(lost_before)) & set(at_240)
    assert len(at_240) == len(mgus_table.rows) - lost_before.sum()


def test_a_wrong_option_is_named_with_its_place(mgus_table, mgus_plan):
    wrong = replace(mgus_plan, models={"boosting": {"trees": 5}})
    with pytest.raises(ConfigError, match=r"training\.mgus\.models\.boosting.*trees"):
        fit_candidate(mgus_table.rows, mgus_table.spec, wrong, "boosting", {})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"penalties": [0.1, -1]}, "logistic.penalties, entry 2, is -1, accepted: more than 0.0."),
        ({"penalties": [-1]}, "logistic.penalties, entry 1, is -1, accepted: more than 0.0."),  # and not that there is none
        ({"penalties": []}, "logistic.penalties is [], accepted: at least 1 value(s)"),
        ({"penalties": 0.1}, "logistic.penalties is 0.1, accepted: a list"),
        ({}, 'logistic is {}, accepted: the same with "penalties"'),
    ],
)
def test_what_an_option_accepts_is_said_in_words(mgus_plan, options, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        check_models(replace(mgus_plan, models={"logistic": options}))


def test_an_unknown_covariate_names_the_nearest(mgus_table, mgus_plan):
    wrong = replace(mgus_plan, models={"cox": {"covariates": ["m_protein__last__365d"]}})
    with pytest.raises(ConfigError, match="m_protein__last__ever"):
        fit_candidate(mgus_table.rows, mgus_table.spec, wrong, "cox", {})


def test_of_very_many_covariates_only_the_nearest_is_named(smm_plan):
    features = replace(smm_plan.task.features, statistics=("last", "mean", "min", "max", "slope", "pct_first", "pct_min"))
    wrong = replace(smm_plan, models={"cox": {**smm_plan.models["cox"], "covariates": ["m_protein__lats__ever"]}})
    with pytest.raises(ConfigError) as refusal:
        check_models(replace(wrong, task=replace(wrong.task, features=features)))
    assert refusal.value.hint == f'did you mean "m_protein__last__ever"? {len(features.columns())} names are accepted.'


def test_a_restricted_cubic_spline_is_straight_beyond_its_outer_knots_and_smooth_at_all():
    knots = np.array([-1.0, 0.0, 0.7, 2.0])
    z = np.linspace(-4.0, 6.0, 2001)
    curved = spline(z, knots)
    assert curved.shape == (2001, 2)
    assert (curved[z <= -1.0] == 0).all()
    bend = np.diff(curved, 2, axis=0)
    assert np.abs(bend[z[1:-1] > 2.01]).max() < 1e-9
    assert np.abs(np.diff(bend, axis=0)).max() < 1e-5  # the second derivative has no jumps


def test_a_curve_in_the_risk_is_found_with_splines_and_not_without():
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, 4.0, (4000, 1))
    progressed = rng.random(4000) < 0.05 + 0.1 * (x[:, 0] - 2.0) ** 2
    rows = one_visit_each(np.where(progressed, "event", "none"), 800.0)
    rows.loc[progressed, "time_to_event"] = 300.0
    at = np.array([[0.1], [2.0], [3.9]])
    risks = {
        splines: logistic(fit_logistic(x, rows, ["m_protein__last__ever"], (24,), penalties=(0.0001,), splines=splines).margins(at)[:, 0])
        for splines in (True, False)
    }
    assert risks[True] == pytest.approx([0.41, 0.05, 0.41], abs=0.1)
    assert abs(risks[False][0] - risks[False][2]) < 0.1
    assert risks[False][1] > 0.12
    cox = fit_cox(x, rows, ["m_protein__last__ever"], (24,), covariates=("m_protein__last__ever",), splines=True)
    assert logistic(cox.margins(at)[:, 0]) == pytest.approx([0.41, 0.05, 0.41], abs=0.1)


def with_a_rate_that_nothing_foretells(n, rate, seed=6):
    """Return people of whom one column foretells a rate of progression, beside which there is one that it does not."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 1))
    within = rng.exponential(1.0 / (rate + 0.02 * np.exp(1.5 * x[:, 0]))) * 365.25
    rows = one_visit_each(np.where(within < 1800.0, "event", "none"), np.minimum(within, 1830.0))
    return 60.0 + 10.0 * x, rows


@pytest.mark.parametrize(("rate", "at_least", "at_most"), [(0.0, 0.0, 0.005), (0.03, 0.02, 0.04)])
def test_the_background_is_what_predicts_people_left_out_best(rate, at_least, at_most):
    x, rows = with_a_rate_that_nothing_foretells(6000, rate)
    options = {"penalties": (0.001, 0.01), "backgrounds": (0.0, 0.005, 0.01, 0.02, 0.03, 0.04), "splines": False}
    model = fit_logistic(x, rows, ["age"], (12, 24, 60), **options)
    assert at_least - 1e-9 <= np.log1p(model.background[0]) <= at_most + 1e-3
    assert np.log1p(model.background) == pytest.approx(np.log1p(model.background[0]) * np.array([1.0, 2.0, 5.0]), rel=0.01)


def test_with_a_background_people_at_low_risk_have_the_risk_that_they_have():
    x, rows = with_a_rate_that_nothing_foretells(6000, 0.03)
    lowest = np.array([[45.0]])
    true = 1 - np.exp(-2.0 * (0.03 + 0.02 * np.exp(-2.25)))
    options = {"penalties": (0.0001,), "splines": False}
    told, without = (fit_logistic(x, rows, ["age"], (24,), backgrounds=(rate,), **options) for rate in (0.03, 0.0))
    assert logistic(told.margins(lowest))[0, 0] == pytest.approx(true, abs=0.015)
    assert logistic(without.margins(lowest))[0, 0] < true - 0.02


@pytest.mark.parametrize("rate", [0.016, 0.1, 1.0])
def test_of_an_event_that_is_rare_no_background_has_more_than_half_of_the_average_odds(rate):
    x, rows = with_a_rate_that_nothing_foretells(6000, 0.0)
    happens = (np.arange(6000) % 10 == 0) & (rows["event"] == "event")
    rare = rows.assign(event=np.where(happens, "event", "none"), time_to_event=rows["time_to_event"].where(happens, 1830.0))
    model = fit_logistic(x, rare, ["age"], (12, 24, 60), penalties=(0.001,), backgrounds=(rate,), splines=False)
    within = np.array([(happens & (rows["time_to_event"] <= days)).mean() for days in (365, 730, 1826)])
    shares = model.background / (within / (1 - within))
    assert shares.max() == pytest.approx(0.5, abs=0.01) and shares.min() > 0.3, "a rate, and no more of any horizon"
    assert logistic(model.margins(x)).mean(axis=0) == pytest.approx(within, rel=0.25), "before it is recalibrated"
    assert np.isfinite(model.contributions(x)).all()


def test_where_nobody_progresses_there_is_no_background():
    x, rows = with_a_rate_that_nothing_foretells(200, 0.0)
    nobody = rows.assign(event="none", time_to_event=1830.0)
    model = fit_logistic(x, nobody, ["age"], (12, 24), penalties=(0.01,), backgrounds=(0.01,), splines=False)
    assert not model.background.any() and np.isfinite(model.margins(x)).all()


def test_with_even_horizons_a_late_one_does_not_tell_most_of_what_all_share():
    rng = np.random.default_rng(7)
    x = 60.0 + 10.0 * rng.standard_normal((6000, 2))
    z = (x - 60.0) / 10.0
    early = rng.random(6000) < logistic(-3.5 + z[:, 0])  # within a year, by the first column; then by the second
    late = ~early & (rng.random(6000) < logistic(-0.5 + z[:, 1]))
    rows = one_visit_each(np.where(early | late, "event", "none"), np.where(early, 200.0, np.where(late, 1000.0, 1830.0)))
    ways = [
        fit_logistic(x, rows, ["age", "months_since_line"], (12, 60), penalties=(1e-4,), splines=False, even_horizons=even).coefficients
        for even in (False, True)
    ]
    assert ways[1][0] / ways[1][1] > 1.2 * ways[0][0] / ways[0][1]


def visits_after_diagnosis(n, at_diagnosis=0.5):
    """Return one visit each, of people of whom half progress: those seen at diagnosis within the year, the others in the fifth."""
    rng = np.random.default_rng(4)
    months = np.where(rng.random(n) < at_diagnosis, 0.0, rng.uniform(1, 60, n))
    progresses = rng.random(n) < 0.5
    rows = pd.DataFrame(
        {
            "patient_id": np.arange(n).astype(str),
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.where(progresses, "event", "none"),
            "time_to_event": np.where(progresses, np.where(months == 0, 200.0, 1700.0), 2000.0),
        }
    )
    return np.column_stack([months, rng.normal(65, 8, n)]), rows


def test_a_risk_that_is_early_at_diagnosis_and_late_afterwards_is_found_at_each_horizon():
    x, rows = visits_after_diagnosis(3000)
    model = fit_logistic(x, rows, ["months_since_index", "age"], (12, 60), penalties=(0.1,))
    risk = logistic(model.margins(np.array([[0.0, 65.0], [40.0, 65.0]])))
    assert risk == pytest.approx(np.array([[0.5, 0.5], [0.0, 0.5]]), abs=0.05)


def test_a_handful_of_later_visits_gives_no_course():
    for share, courses in ((0.995, False), (0.9, True)):
        x, rows = visits_after_diagnosis(2000, share)
        model = fit_logistic(x, rows, ["months_since_index", "age"], (12, 60), penalties=(0.1,))
        assert bool(model.time_varying.scales) == courses


def test_boosting_moves_the_risk_only_in_the_direction_of_harm_unless_switched_off(smm_table, small_smm_plan):
    rows, columns = smm_table.rows, smm_table.spec.columns()
    x = rows[columns].to_numpy(dtype=float)
    changed = columns.index("m_protein__last__ever")
    options = small_smm_plan.models["boosting"] | {"rounds": 60, "eta": 0.1, "parallel_trees": 3}
    steps = {}
    for monotone in (True, False):
        model = fit_boosting(x, rows, columns, small_smm_plan.task.horizons, **options, monotone=monotone)
        grid = np.repeat(x[:40], 30, axis=0)
        grid[:, changed] = np.tile(np.linspace(0.1, 5.0, 30), 40)
        steps[monotone] = np.diff(model.margins(grid)[:, 1].reshape(40, 30), axis=1)
    assert (steps[True] >= -1e-6).all()
    assert (steps[False] < -1e-6).any()


@pytest.mark.parametrize(
    ("column", "direction"),
    [
        ("m_protein__last__ever", 1),
        ("hemoglobin__last__ever", -1),
        ("hemoglobin__delta_first__ever", -1),
        ("m_protein__slope_se__ever", 0),
        ("hemoglobin__trend_pct__ever", -1),
        ("m_protein__sd__ever", 0),
        ("m_protein__age_days__ever", 0),
        ("burden_growth", 1),
        ("burden_change", 1),
        ("burden_growth_sd", 0),
        ("female", 0),
    ],
)
def test_levels_and_changes_have_a_direction_of_harm_and_nothing_else_has(column, direction):
    assert direction_of_harm(column) == direction


def test_with_equal_people_a_year_of_many_visits_counts_as_one_of_few():
    often, seldom = pd.date_range("2018-01-01", periods=49, freq="30D"), pd.date_range("2018-01-01", periods=9, freq="180D")
    rows = pd.DataFrame({"patient_id": ["a"] * 49 + ["b"] * 9, "landmark": [*often, *seldom], "event": "none", "time_to_event": 900.0})
    by_visit, by_person = (stack(rows, (24,), weighting) for weighting in ("visits", "patients"))
    assert by_visit.weight.tolist() == [1.0] * 58
    last_year = (rows["landmark"] > rows["landmark"].max() - pd.Timedelta(days=360)).to_numpy()
    a, b = (by_person.weight[last_year & (rows["patient_id"] == who).to_numpy()].sum() for who in "ab")
    assert a == pytest.approx(b)
    assert by_person.weight.mean() == pytest.approx(1.0)


def one_visit_each(event, time):
    rows = pd.DataFrame({"event": event, "time_to_event": time, "landmark": pd.Timestamp("2018-01-01")})
    return rows.assign(patient_id=rows.index.astype(str))


def test_an_ensemble_is_the_weighted_mean_of_its_members_in_log_odds_and_in_contributions(fitted_smm, smm_table):
    ensemble = fitted_smm["ensemble"].model
    x = feature_matrix(fitted_smm["ensemble"], smm_table.rows.head(50))
    assert sum(ensemble.weights.values()) == pytest.approx(1.0)
    assert min(ensemble.weights.values()) >= 0
    for what in ("margins", "contributions"):
        expected = sum(ensemble.weights[kind] * getattr(fitted_smm[kind].model, what)(x) for kind in ensemble.members)
        assert getattr(ensemble, what)(x) == pytest.approx(expected, abs=1e-9)


def test_members_that_say_nothing_get_no_weight(mgus_table):
    rows = mgus_table.rows
    rng = np.random.default_rng(0)
    signal = (rows["event"] == "event").to_numpy()[:, None] * 1.0 + rng.normal(0, 1, (len(rows), 3)) - 3.0
    noise = rng.normal(0, 1, (len(rows), 3))
    weights = member_weights({"boosting": signal, "cox": noise}, rows, (60, 120, 240))
    assert weights["boosting"] > 0.8


@pytest.mark.parametrize(("members", "says"), [(["boosting", "ensemble"], "cannot be a member"), (["boosting"], "two members")])
def test_an_ensemble_of_one_or_of_itself_is_refused(smm_table, small_smm_plan, members, says):
    wrong = replace(small_smm_plan, models=small_smm_plan.models | {"ensemble": {"members": members}})
    with pytest.raises(ConfigError, match=says):
        fit_candidate(smm_table.rows, smm_table.spec, wrong, "ensemble", {})


def test_an_ensemble_without_others_to_take_from_is_refused_with_what_could_be_added(smm_plan):
    with pytest.raises(ConfigError, match="needs two other models or more") as refusal:
        check_models(replace(smm_plan, models={"ensemble": {"members": ["boosting", "logistic"]}}))
    assert "boosting" in refusal.value.hint


def test_the_interval_holds_the_risk_and_widens_with_less_data(mgus_table, mgus_plan):
    rows = mgus_table.rows
    ids = rows["patient_id"].unique()
    few = rows[rows["patient_id"].isin(ids[: len(ids) // 3])]
    plan, widths = replace(mgus_plan, models={"logistic": {"penalties": [0.01]}}), []  # few people would choose a larger one
    for part in (rows, few):
        artifact = fit_candidate(part, mgus_table.spec, plan, "logistic", {}, halves=10).artifact
        explained = explain(artifact, feature_matrix(artifact, rows.head(200)))
        assert ((explained.lower <= explained.risks) & (explained.risks <= explained.upper)).all()
        assert (np.diff(explained.upper, axis=1) >= 0).all()
        widths.append(np.median(logit(explained.upper) - logit(explained.lower)))
    assert widths[1] > 1.05 * widths[0]


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    """An intercept alone: the standard error of the log-odds of a share p among n people is 1 / sqrt(n p (1 - p))."""
    n, p = 2000, 0.2
    rows = one_visit_each(["none"] * n, 800.0)
    rows.loc[: n * p - 1, ["event", "time_to_event"]] = ["event", 300.0]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 1))
    estimates = []
    whole = fit_logistic(x, rows, ["age"], (24,), penalties=(1000.0,), splines=False).margins(x[:1])[0, 0]
    for _ in range(200):
        half = rng.permutation(n)[: n // 2]
        estimates.append(fit_logistic(x[half], rows.iloc[half], ["age"], (24,), penalties=(1000.0,), splines=False).margins(x[:1])[0, 0])
    assert np.sqrt(np.mean(np.square(np.array(estimates) - whole))) == pytest.approx(1 / np.sqrt(n * p * (1 - p)), rel=0.15)


@pytest.mark.parametrize("pairs", [1, 5])
def test_the_interval_holds_the_truth_in_19_of_20_samples_from_few_pairs_of_halves_too(pairs):
    """The model is the mean of 60 people, the truth 0, each row a sample of its own: a half and the other half say the same."""
    people = np.random.default_rng(0).normal(size=(4000, 60))

    def model(means):
        return SimpleNamespace(margins=lambda x: means[:, None])

    halves = []
    for _ in range(pairs):
        people = np.random.default_rng(len(halves)).permuted(people, axis=1)
        halves += [model(people[:, :30].mean(axis=1)), model(people[:, 30:].mean(axis=1))]
    whole, none = model(people.mean(axis=1)), Calibration.identity((24,))
    together = np.array([half.margins(None) for half in halves])
    artifact = SimpleNamespace(
        columns=[],
        model=whole,
        resampled=halves,
        resampled_margins=lambda x: together,
        resampled_calibrations=(none,) * len(halves),
        recalibrated_anew=(np.zeros((1, 1, 1)), np.ones((1, 1, 1))),
        calibration=none,
        unknown=None,
    )
    lower, upper = predict_interval(artifact, np.empty((4000, 0)))
    assert ((lower <= 0.5) & (upper >= 0.5)).mean() == pytest.approx(0.95, abs=0.012)


def test_a_cox_model_of_events_that_a_covariate_separates_is_penalised_until_it_converges():
    rows = one_visit_each(["event"] * 6 + ["none"] * 30, [*range(100, 106), *range(1000, 1030)])
    x = (rows["event"] == "event").to_numpy(dtype=float)[:, None]
    cox = fit_cox(x, rows, ["female"], (24,), covariates=("female",))
    assert 0 < cox.coefficients[0][0] < 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_threads_changes_no_bit_of_a_model_and_of_its_risks(kind, smm_table, small_smm_plan, tmp_path):
    answers = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            artifact = fit_candidate(smm_table.rows, smm_table.spec, small_smm_plan, kind, {"task": "smm"}, halves=2).artifact
            seal = save_artifact(artifact, tmp_path / str(threads))
            explained = explain(artifact, feature_matrix(artifact, smm_table.rows))
        answers.append((seal, [np.asarray(values).tobytes() for values in vars(explained).values()]))
    assert answers[0] == answers[1]
