"""Each estimator: risks that never fall with the horizon, contributions that add up, figures that agree with R."""

from dataclasses import replace

import numpy as np
import pytest
from lifelines.utils import concordance_index

from features.tasks import horizon_days
from myeloma import ConfigError
from serving.artifact import feature_matrix
from serving.models import logit
from serving.predict import explain, predict_risk
from training.censoring import FollowUp
from training.estimators import fit_artifact
from training.estimators.calibrated import fit_calibration
from training.estimators.cox import fit_cox
from training.estimators.stacking import stack
from training.metrics import aalen_johansen

KINDS = ("boosting", "logistic", "cox")


@pytest.fixture(scope="module")
def fitted(mgus_table, mgus_task):
    return {kind: fit_artifact(mgus_table.rows, mgus_table.spec, mgus_task, kind, {"task": "mgus"}) for kind in KINDS}


@pytest.fixture(scope="module")
def fitted_smm(smm_table, small_smm_task):
    return {kind: fit_artifact(smm_table.rows, smm_table.spec, small_smm_task, kind, {"task": "smm"}) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_risks_never_fall_with_the_horizon(fitted, fitted_smm, kind):
    for artifact, scale in ((fitted[kind], 3.0), (fitted_smm[kind], 30.0)):
        x = np.random.default_rng(0).normal(scale, scale, (500, len(artifact.columns)))
        x[np.random.default_rng(1).random(x.shape) < 0.3] = np.nan
        risks = predict_risk(artifact, x)
        assert (np.diff(risks, axis=1) >= 0).all()
        assert ((risks > 0) & (risks < 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_base_and_contributions_add_up_to_the_shown_risk(fitted_smm, smm_table, kind):
    artifact = fitted_smm[kind]
    explained = explain(artifact, feature_matrix(artifact, smm_table.rows.head(200)))
    assert explained.base + explained.contributions.sum(axis=2) == pytest.approx(logit(explained.risks), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_mean_predicted_20_year_risk_of_mgus_is_near_10_percent_not_21(fitted, mgus_table, kind):
    risk = predict_risk(fitted[kind], feature_matrix(fitted[kind], mgus_table.rows))[:, 2]
    assert 100 * risk.mean() == pytest.approx(10.0, abs=1.0)


def test_cox_on_mgus2_has_the_concordance_of_r(mgus_table, mgus_task):
    # R survival 3.5-3, coxph(Efron) on mspike + hgb + creat + age: C 0.671, 1,338 people, 112 events.
    covariates = ["m_protein__last__ever", "hemoglobin__last__ever", "creatinine__last__ever", "age"]
    complete = mgus_table.rows.dropna(subset=covariates)
    progressed = complete["event"] == "progression"
    assert (len(complete), progressed.sum()) == (1338, 112)
    x = complete[mgus_table.spec.columns()].to_numpy()
    cox = fit_cox(x, complete, mgus_table.spec.columns(), mgus_task.horizons, covariates=tuple(covariates))
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
    artifact = fitted_smm["cox"]
    design = artifact.model.design
    reference = np.full((1, len(artifact.columns)), np.nan)
    for name, mean, sd, middle, log in zip(design.features, design.mean, design.sd, design.fill, design.log, strict=True):
        assert sd > 0
        assert np.isfinite(middle)
        reference[0, artifact.columns.index(name)] = np.exp(mean) if log else mean
    contributions = artifact.model.contributions(reference)
    assert contributions == pytest.approx(np.zeros_like(contributions), abs=1e-9)


def test_treeshap_of_the_booster_is_what_shap_computes(fitted_smm, smm_table):
    import shap

    from serving.models.boosted import stack_horizons

    model = fitted_smm["boosting"].model
    x = feature_matrix(fitted_smm["boosting"], smm_table.rows.head(20))
    theirs = shap.TreeExplainer(model.booster).shap_values(stack_horizons(x, model.horizons))[:, : len(model.columns)]
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


def test_a_wrong_option_is_named_with_its_place(mgus_table, mgus_task):
    wrong = replace(mgus_task, models={"boosting": {"trees": 5}})
    with pytest.raises(ConfigError, match=r"tasks\.mgus\.models\.boosting.*trees"):
        fit_artifact(mgus_table.rows, mgus_table.spec, wrong, "boosting", {})


def test_an_unknown_covariate_names_the_nearest(mgus_table, mgus_task):
    wrong = replace(mgus_task, models={"cox": {"covariates": ["m_protein__last__365d"]}})
    with pytest.raises(ConfigError, match="m_protein__last__ever"):
        fit_artifact(mgus_table.rows, mgus_table.spec, wrong, "cox", {})


def test_fitting_twice_gives_the_same_risks(mgus_table, mgus_task, fitted):
    again = fit_artifact(mgus_table.rows, mgus_table.spec, mgus_task, "boosting", {"task": "mgus"})
    x = feature_matrix(again, mgus_table.rows)
    assert predict_risk(again, x).tobytes() == predict_risk(fitted["boosting"], x).tobytes()
