"""What a fit learns of people of whom a biomarker is hidden: the mean risk of like people of whom it is known."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from features.history.columns import resting_on
from serving.artifact import Artifact, Calibration
from serving.models import logistic, logit
from serving.models.linear import HorizonLogistic
from serving.models.time_varying import MONTHS, TimeVaryingIntercept
from serving.predict import predict_risk
from tests.features.history.burden.twin import BURDEN
from training.estimators import fit_candidate
from training.estimators.design import fit_design
from training.estimators.kind import Half
from training.estimators.unknown import all_known, fit_unknown, of_each_half, where_it_holds
from training.rows.draw import STANDS_FOR, draw_people

SPEC = FeatureSpec(("m_protein", "flc_ratio", "hemoglobin"), ("ever",), ("last",), ("age",))
COLUMNS = SPEC.columns()
HORIZONS = (24,)
N = 20_000


def like_one_another(seed=1, uses=("m_protein", "flc_ratio")):
    """Return people whose markers go together, their true risks, outcomes, and a model of some of their markers alone."""
    rng = np.random.default_rng(seed)
    burden = rng.normal(size=N)
    marker = {name: burden + rng.normal(size=N) for name in ("m_protein", "flc_ratio")}
    marker |= {"hemoglobin": 13.0 - 0.6 * burden + rng.normal(size=N)}
    values = {f"{name}__last__ever": np.exp(value) if name != "hemoglobin" else value for name, value in marker.items()}
    x = np.column_stack([values.get(name, np.full(N, 60.0)) for name in COLUMNS])
    true = logistic(-3.5 + 0.8 * marker["m_protein"] + 0.5 * marker["flc_ratio"] - 0.5 * (marker["hemoglobin"] - 13.0))
    happens = rng.random(N) < true
    rows = pd.DataFrame(
        {
            "patient_id": np.arange(N),
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.where(happens, "event", "none"),
            "time_to_event": np.where(happens, 100.0, 1000.0),
        }
    )
    used = [f"{name}__last__ever" for name in uses]
    design = fit_design(x, COLUMNS, used, indicate=False)
    z = np.column_stack([np.ones(N), design.transform(x, COLUMNS)])
    beta = np.zeros(z.shape[1])
    for _ in range(30):
        p = logistic(z @ beta)
        beta += np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z, z.T @ (happens - p))
    return x, true, rows, HorizonLogistic(design, beta[1:], beta[:1], COLUMNS)


def learnt(x, rows, model):
    calibration = Calibration.identity(HORIZONS)
    unknown = fit_unknown(model, model.margins(x), calibration, x, rows, SPEC, HORIZONS)
    return Artifact("logistic", model, SPEC, HORIZONS, calibration, {}, unknown=unknown)


def ratios(artifact, x, true, hidden, counts=None):
    """Return true over predicted risk, of all and of the fifth at highest predicted risk, with biomarkers hidden."""
    x = x.copy()
    x[:, [place for name in hidden for place in artifact.groups[name]]] = np.nan
    risk, counts = predict_risk(artifact, x)[:, 0], np.ones(len(x)) if counts is None else counts
    top = risk >= np.quantile(risk, 0.8)
    return [float((counts * true)[some].sum() / (counts * risk)[some].sum()) for some in (slice(None), top)]


@pytest.fixture(scope="module")
def people():
    x, _, rows, model = like_one_another()
    return learnt(x, rows, model), *like_one_another(seed=2)[:2]


PATTERNS = [("m_protein",), ("flc_ratio",), ("hemoglobin",), ("m_protein", "flc_ratio"), ("m_protein", "flc_ratio", "hemoglobin")]


@pytest.mark.parametrize("hidden", PATTERNS)
def test_unknown_is_average_in_all_and_where_the_risk_is_highest(people, hidden):
    assert ratios(*people, hidden) == pytest.approx([1.0, 1.0], abs=0.1)


@pytest.mark.parametrize("steep", [-1.5, 1.5])
def test_it_is_so_where_who_is_tested_goes_with_a_value_that_the_model_does_not_use(people, steep):
    artifact, x, true = people
    hemoglobin = x[:, COLUMNS.index("hemoglobin__last__ever")]
    tested = logistic(steep * (hemoglobin - 13.0))
    assert ratios(artifact, x, true, ("m_protein",), tested) == pytest.approx([1.0, 1.0], abs=0.1)


@pytest.mark.parametrize("hidden", [("m_protein",), ("m_protein", "flc_ratio", "hemoglobin")])
def test_it_is_so_where_people_with_the_event_were_drawn_first(of_drawn, people, hidden):
    assert ratios(of_drawn, *people[1:], hidden) == pytest.approx([1.0, 1.0], abs=0.15)


@pytest.fixture(scope="module")
def of_drawn(mgus_plan):
    x, _, rows, _ = like_one_another()
    stands_for = draw_people((rows["event"] == "event").to_numpy(), 3000, seed=1, events_first=True)
    rows = rows.assign(index_date=rows["landmark"], censored_by="last_contact", **dict(zip(COLUMNS, x.T, strict=True)))
    rows = rows.assign(**{STANDS_FOR: stands_for})[stands_for > 0].reset_index(drop=True)
    assert rows[STANDS_FOR].max() > 5 * rows[STANDS_FOR].min()
    plan = replace(mgus_plan, primary_horizon=24, task=replace(mgus_plan.task, horizons=HORIZONS, features=SPEC))
    return fit_candidate(rows, SPEC, plan, "logistic", {}).artifact


def test_a_stand_in_alone_looks_safe(people):
    artifact, x, true = people
    alone = Artifact("logistic", artifact.model, SPEC, HORIZONS, artifact.calibration, {})
    whole, top = ratios(alone, x, true, ("m_protein",))
    assert whole > 1.2 and top > 1.3


def test_the_recalibration_speaks_of_those_of_whom_all_is_known_where_these_are_half_at_least():
    known, lacking = np.ones(len(COLUMNS)), np.where([name.startswith("hemoglobin") for name in COLUMNS], np.nan, 1.0)
    assert all_known(np.array([known, lacking, known]), SPEC).tolist() == [True, False, True]
    assert all_known(np.array([known, lacking]), SPEC).tolist() == [True, False]
    assert all_known(np.array([known, lacking, lacking]), SPEC).all(), "too few: everybody"
    assert all_known(np.array([lacking, lacking]), SPEC).all(), "a biomarker that nobody has tells nobody apart"
    assert all_known(np.array([[65.0], [np.nan]]), FeatureSpec((), ("ever",), ("last",), ("age",))).all()


def test_whom_a_count_of_0_says_nothing_is_known_of_is_told_apart_in_training_too():
    counted = FeatureSpec(("m_protein", "hemoglobin"), ("ever",), ("last", "count"), ())
    all_of, lacking, nobody = [1.0, 1.0, 13.0, 2.0], [1.0, 1.0, np.nan, 0.0], [np.nan, 0.0, 13.0, 2.0]
    assert all_known(np.array([all_of, all_of, lacking]), counted).tolist() == [True, True, False]
    assert all_known(np.array([nobody, nobody]), counted).all(), "a biomarker that nobody has tells nobody apart"


def test_of_a_model_that_no_biomarker_moves_there_is_nothing_to_say():
    x, _, rows, _ = like_one_another()
    x[:, COLUMNS.index("age")] = np.random.default_rng(1).normal(60.0, 9.0, N)
    of_age = HorizonLogistic(fit_design(x, COLUMNS, ["age"], indicate=False), np.array([0.3]), np.array([-3.0]), COLUMNS)
    assert learnt(x, rows, of_age).unknown is None


def test_one_that_moves_nothing_comes_last_and_one_that_nobody_has_is_never_called_unknown(people):
    assert people[0].unknown.biomarkers[-1] == "hemoglobin"
    x, true, rows, model = like_one_another()
    x[:, COLUMNS.index("hemoglobin__last__ever")] = np.nan
    artifact = learnt(x, rows, model)
    assert set(artifact.unknown.biomarkers) == {"m_protein", "flc_ratio"}
    assert "hemoglobin__last__ever" not in artifact.unknown.design.features
    assert not artifact.unknown.patterns(x).any()
    assert ratios(artifact, x, true, ("m_protein",))[0] == pytest.approx(1.0, abs=0.1)


def without_m_protein(times, few=None):
    """Return people without M-protein by themselves, of whom so many times as many have the event as their margins say."""
    x, _, rows, model = (part[:6000] if isinstance(part, (np.ndarray, pd.DataFrame)) else part for part in like_one_another(seed=3))
    x[:, [name.startswith("m_protein") for name in COLUMNS]] = np.nan
    margins = model.margins(x)
    happens = np.random.default_rng(4).random(len(x)) < np.minimum(times * logistic(margins)[:, 0], 0.95)
    if few is not None:
        happens &= np.cumsum(happens) <= few
    return x, margins, rows.assign(event=np.where(happens, "event", "none"), time_to_event=np.where(happens, 100.0, 1000.0))


def becomes_plain(artifact, times, few=None, lower=2.0):
    """Return whether the pattern of those without M-protein is given the model's recalibration, from regressions that are so much lower."""
    x, margins, rows = without_m_protein(times, few)
    coefficients = artifact.unknown.coefficients.copy()
    coefficients[:, :, 0] -= lower
    before = replace(artifact.unknown, coefficients=coefficients)
    found = where_it_holds(before, margins, artifact.calibration, x, rows, HORIZONS)
    changed = (found.coefficients != before.coefficients).any(axis=(1, 2))
    pattern = artifact.unknown.patterns(x)[0]
    assert not np.delete(changed, pattern - 1).any()  # nobody is of the other patterns
    if changed[pattern - 1]:
        assert found.coefficients[pattern - 1, 0].tolist() == [0.0, 1.0, *[0.0] * found.design.width]
    return bool(changed[pattern - 1])


def test_a_regression_that_its_own_people_show_to_be_too_low_gives_way_to_the_recalibration_that_is_nearer(people):
    artifact = people[0]
    x, margins, _ = without_m_protein(1.0)
    more = float(logistic(artifact.unknown.reduced(x, margins).log_odds - 2.0).mean() / logistic(margins).mean())
    assert more < 0.5  # what the lower regression expects, times what the model alone does
    assert becomes_plain(artifact, 1.0)
    assert not becomes_plain(artifact, more)


def test_where_both_are_wrong_the_nearer_one_stays(people):
    assert not becomes_plain(people[0], 3.0, lower=0.0)


def test_people_who_have_fewer_events_than_expected_make_nobody_look_safe(people):
    # Who lacks a result by themselves may be healthier; of somebody whose result is unknown by chance that says nothing.
    artifact = people[0]
    x, margins, _ = without_m_protein(1.0)
    assert float(logistic(artifact.unknown.reduced(x, margins).log_odds).mean() / logistic(margins).mean()) > 1.2
    assert not becomes_plain(artifact, 1.0, lower=0.0)


def test_fewer_than_twenty_people_with_the_event_show_nothing(people):
    assert not becomes_plain(people[0], 1.0, few=19)


def test_what_the_burden_tells_is_hidden_with_m_protein_by_which_it_is_measured():
    x, true, rows, _ = like_one_another()
    spec = replace(SPEC, static=("age", "burden_growth"), burden=BURDEN)
    columns, growth = spec.columns(), np.random.default_rng(3).normal(size=N)
    x = np.column_stack([x[:, 0], growth, x[:, 1:]])
    true = logistic(logit(true) + growth)
    happens = np.random.default_rng(4).random(N) < true
    rows = rows.assign(event=np.where(happens, "event", "none"), time_to_event=np.where(happens, 100.0, 1000.0))
    used = ["burden_growth", "m_protein__last__ever", "flc_ratio__last__ever"]
    design = fit_design(x, columns, used, indicate=False)
    model = HorizonLogistic(design, np.array([1.0, 1.0, 0.8]), np.array([-3.2]), columns)
    calibration = Calibration.identity(HORIZONS)
    unknown = fit_unknown(model, model.margins(x), calibration, x, rows, spec, HORIZONS)
    at = 2 + unknown.design.features.index("burden_growth")
    for pattern, coefficients in enumerate(unknown.coefficients, start=1):
        hides_m_protein = pattern >> unknown.biomarkers.index("m_protein") & 1
        assert (abs(coefficients[0, at]) < 1e-6) == bool(hides_m_protein)
    artifact = Artifact("logistic", model, spec, HORIZONS, calibration, {}, unknown=unknown)
    for hidden in ("m_protein", "flc_ratio"):
        risk = predict_risk(artifact, np.where(resting_on(columns, [hidden]), np.nan, x))
        assert true.mean() / risk.mean() == pytest.approx(1.0, abs=0.05)


def halves_of(x, model):
    """Return a pair of halves, by the even people and by the odd ones, which have the whole model and recalibrations of their own."""
    halves = [np.arange(first, N, 2) for first in (1, 0)]
    own = (Calibration(0.9, (-0.2,)), Calibration(1.1, (0.2,)))
    return [(Half(model, left_out, model.margins(x[left_out])), calibration) for left_out, calibration in zip(halves, own, strict=True)]


def test_each_half_tells_of_the_unknown_by_the_people_of_the_other():
    x, _, rows, model = like_one_another()
    unknown, everybody = learnt(x, rows, model).unknown, np.ones(N, dtype=bool)
    found = of_each_half(unknown, Calibration.identity(HORIZONS), halves_of(x, model), x, rows, everybody, HORIZONS)
    assert (found.coefficients == unknown.coefficients).all()
    nothing_of = {pattern: hidden_by(unknown, x[:2000], pattern) for pattern in range(1, 8)}
    for pattern, of_some in nothing_of.items():
        margins = model.margins(of_some)
        reduced = found.reduced(of_some, margins)
        one, other = found.by_halves(reduced, np.array([margins, margins]))[:, :, 0]
        whole = reduced.log_odds[:, 0]
        assert 0.002 < np.abs(one - other).mean() < 0.3, f"pattern {pattern}: two samples of 10,000 people differ by chance"
        assert np.abs((one + other) / 2.0 - whole).mean() < 0.1, "and lie about that of all"


def hidden_by(unknown, x, pattern):
    names = [name for k, name in enumerate(unknown.biomarkers) if pattern >> k & 1]
    return np.where(resting_on(COLUMNS, names), np.nan, x)


def test_where_the_recalibration_stands_for_a_pattern_that_of_each_half_does():
    x, _, rows, model = like_one_another()
    unknown, calibration = learnt(x, rows, model).unknown, Calibration(1.0, (0.1,))
    coefficients = unknown.coefficients.copy()
    coefficients[2] = [[0.1, 1.0, *[0.0] * unknown.design.width]]
    halves = halves_of(x, model)
    found = of_each_half(replace(unknown, coefficients=coefficients), calibration, halves, x, rows, np.ones(N, dtype=bool), HORIZONS)
    assert found.of_halves[:, 2, 0, :2].tolist() == [[-0.2, 0.9], [0.2, 1.1]]
    assert not found.of_halves[:, 2, 0, 2:].any()
    assert found.of_halves[:, 1, 0, 2:].any()


def test_of_a_horizon_whose_status_nobody_left_out_is_known_at_the_recalibration_stands():
    x, _, rows, model = like_one_another()
    unknown, calibration = learnt(x, rows, model).unknown, Calibration.identity(HORIZONS)
    nobody = rows.assign(event="none", time_to_event=10.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = of_each_half(unknown, calibration, halves_of(x, model), x, nobody, np.ones(N, dtype=bool), HORIZONS)
        assert fit_unknown(model, model.margins(x), calibration, x, nobody, SPEC, HORIZONS) is not None
    assert np.isfinite(found.of_halves).all()
    of_nothing = hidden_by(unknown, x[:2000], 1)
    margins = model.margins(of_nothing)
    halves = found.by_halves(found.reduced(of_nothing, margins), np.array([margins, margins]))
    for (_, own), log_odds in zip(halves_of(x, model), halves, strict=True):
        risk_of_all = logistic(own.log_odds(model.margins(x))).mean()
        assert logistic(log_odds).mean() == pytest.approx(risk_of_all, rel=0.1)


def test_without_halves_the_unknown_has_none_of_its_own(people):
    artifact, x, _ = people
    assert (
        of_each_half(artifact.unknown, artifact.calibration, [], x, pd.DataFrame(), np.ones(len(x), dtype=bool), HORIZONS).of_halves is None
    )


def test_the_mean_risk_of_like_people_is_met_at_diagnosis_too_where_what_is_hidden_rises_with_time():
    spec, rng, horizons = FeatureSpec(("flc_ratio",), ("ever",), ("last",), ("months_since_index",)), np.random.default_rng(3), (24,)
    months = rng.exponential(30.0, N)
    soon = 0.6 * np.exp(-months / 6.0)
    marker = rng.normal(size=N) - soon  # so that the mean risk hardly goes with time, though the risk of a marker does
    x = np.column_stack([{"flc_ratio__last__ever": np.exp(marker), MONTHS: months}[name] for name in spec.columns()])
    true = logistic(-3.0 + marker + soon)
    rows = pd.DataFrame({"patient_id": np.arange(N), "landmark": pd.Timestamp("2020-01-01")})
    rows["event"] = np.where(happens := rng.random(N) < true, "event", "none")
    rows["time_to_event"] = np.where(happens, 100.0, 1000.0)
    design = fit_design(x, spec.columns(), ["flc_ratio__last__ever"], indicate=False)
    fading = TimeVaryingIntercept((6.0,), months.max(), ((0.6,),), (0.0,))
    level = np.array([-3.0 + design.mean[0]])
    model = HorizonLogistic(design, np.array([design.sd[0]]), level, spec.columns(), fading)
    assert logistic(model.margins(x))[:, 0].mean() == pytest.approx(true.mean(), rel=0.02), "the model is the truth"
    calibration = Calibration.identity(horizons)
    unknown = fit_unknown(model, model.margins(x), calibration, x, rows, spec, horizons)
    artifact = Artifact("logistic", model, spec, horizons, calibration, {}, unknown=unknown)
    hidden = x.copy()
    hidden[:, artifact.groups["flc_ratio"]] = np.nan
    risk = predict_risk(artifact, hidden)[:, 0]
    for some in (months < 1.0, (months > 5.0) & (months < 20.0), months > 40.0):
        assert true[some].mean() / risk[some].mean() == pytest.approx(1.0, abs=0.06)
