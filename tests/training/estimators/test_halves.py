"""Fits to halves of the people: whatever is chosen of one is chosen by the other half, so that how far they lie apart holds it all."""

import numpy as np
import pandas as pd
import pytest

from serving.artifact import feature_matrix
from tests.model_kinds import COLUMNS, HORIZONS, people
from training.estimators import Fitted, fit_candidate
from training.estimators.calibrated import fit_calibration
from training.estimators.censoring_strata import with_censoring_strata
from training.estimators.kind import Fits, Half
from training.estimators.kinds.ensemble import fit_ensemble, member_weights
from training.estimators.kinds.logistic import KIND, fit_anew, fit_logistic
from training.estimators.unknown import all_known
from training.rows.split import random_halves

GRID = (0.001, 0.01, 0.1, 1.0, 10.0)
X, ROWS = people(600, seed=3)
THERE = np.arange(len(X)) % 2 == 0


@pytest.fixture(scope="module")
def fitted(mgus_table, mgus_plan):
    found: dict[str, Fitted] = {}
    for name in ("cox", "logistic", "ensemble"):
        found[name] = fit_candidate(mgus_table.rows, mgus_table.spec, mgus_plan, name, {"task": "mgus"}, found, halves=4)
    return {name: one.artifact for name, one in found.items()}


@pytest.mark.parametrize("kind", ["cox", "logistic", "ensemble"])
def test_each_half_is_recalibrated_by_the_people_of_the_other(fitted, mgus_table, kind):
    artifact, rows = fitted[kind], with_censoring_strata(mgus_table.rows, mgus_table.spec)
    x = feature_matrix(artifact, rows)
    told = all_known(x, mgus_table.spec)
    left_out = [fold.judge[told[fold.judge]] for pair in (1, 2) for fold in random_halves(rows, pair)]
    expected = tuple(
        fit_calibration(model.margins(x[others]), rows.iloc[others], artifact.horizons)
        for model, others in zip(artifact.resampled, left_out, strict=True)
    )
    assert artifact.resampled_calibrations == expected
    assert len(set(expected)) == 4, "of the halves none is like another"


def test_without_halves_there_is_nothing_to_recalibrate(mgus_table, mgus_plan):
    assert fit_candidate(mgus_table.rows, mgus_table.spec, mgus_plan, "cox", {"task": "mgus"}).artifact.resampled_calibrations == ()


def test_a_combination_of_fewer_halves_than_its_members_keep_is_of_the_first(mgus_table, mgus_plan, fitted):
    known = {name: Fitted(fitted[name], np.zeros((len(mgus_table.rows), 3))) for name in ("cox", "logistic")}
    made = fit_candidate(mgus_table.rows, mgus_table.spec, mgus_plan, "ensemble", {"task": "mgus"}, known, halves=2).artifact
    assert [half.members["cox"] for half in made.resampled] == list(fitted["cox"].resampled[:2])


def two_members(seed=0):
    """Return two members' log-odds, random but for the odd rows of the first, which tell the outcome; and the fits that made them."""
    even, odd = np.flatnonzero(THERE), np.flatnonzero(~THERE)
    rng = np.random.default_rng(seed)
    margins = {name: np.sort(rng.normal(size=(len(X), 3)), axis=1) for name in ("logistic", "cox")}
    margins["logistic"][odd] += 2.0 * ((ROWS["event"] == "event") & (ROWS["time_to_event"] < 1800)).to_numpy()[odd, None]

    def fits(name):
        return Fits(
            name, margins[name], tuple(Half(f"{name} of {k}", others, margins[name][others]) for k, others in enumerate((even, odd)))
        )

    return margins, {name: fits(name) for name in margins}


def test_the_weights_of_a_half_are_those_that_predict_the_other_half_best():
    margins, members = two_members()
    found = fit_ensemble(members, ROWS, HORIZONS, np.ones(len(X), dtype=bool), members=("logistic", "cox"))
    for half, others in zip(found.halves, (np.flatnonzero(THERE), np.flatnonzero(~THERE)), strict=True):
        own = member_weights({name: of[others] for name, of in margins.items()}, ROWS.iloc[others], HORIZONS)
        assert half.model.weights == own
        np.testing.assert_allclose(half.margins, sum(own[name] * of[others] for name, of in margins.items()))
    assert found.halves[1].model.weights["logistic"] > 0.9 > found.halves[0].model.weights["logistic"]
    assert found.halves[0].model.members == {"logistic": "logistic of 0", "cox": "cox of 0"}


def test_weights_are_chosen_on_people_of_whom_all_is_known_as_the_recalibration_is():
    """Of others a member's own log-odds are not what is shown, so how well they predict says nothing."""
    margins, members = two_members()
    told = np.arange(len(X)) % 3 > 0
    found = fit_ensemble(members, ROWS, HORIZONS, told, members=("logistic", "cox"))
    assert found.model.weights == member_weights({name: of[told] for name, of in margins.items()}, ROWS[told], HORIZONS)
    for half, others in zip(found.halves, (THERE, ~THERE), strict=True):
        kept = np.flatnonzero(others & told)
        assert half.model.weights == member_weights({name: of[kept] for name, of in margins.items()}, ROWS.iloc[kept], HORIZONS)
        assert len(half.margins) == others.sum(), "a half speaks of everybody it left out"


def anew(penalties, chosen, there=THERE):
    options = KIND.checked({"penalties": penalties}, "models.logistic", COLUMNS, []) | {"penalties": penalties}
    return fit_anew(X, ROWS, there, COLUMNS, HORIZONS, options | {"penalties": (chosen,)}, **options)


def alone(penalty, there=THERE):
    return fit_logistic(X[there], ROWS[there], COLUMNS, HORIZONS, penalties=(penalty,))


@pytest.mark.parametrize(("chosen", "found"), [(10.0, 1.0), (1.0, 0.1)])
def test_a_penalty_that_is_far_too_strong_for_a_half_gives_way_to_the_next_weaker(chosen, found):
    np.testing.assert_allclose(anew(GRID, chosen).margins(X), alone(found).margins(X), atol=0.02)


def test_the_settled_penalty_stays_where_no_neighbour_predicts_the_other_half_better():
    settled = anew((0.01, 1000.0), 0.01)
    assert settled.margins(X).tobytes() == alone(0.01).margins(X).tobytes()


def test_one_penalty_is_no_choice():
    assert anew((0.1,), 0.1).margins(X).tobytes() == alone(0.1).margins(X).tobytes()


@pytest.mark.parametrize(("rate", "settled"), [(0.04, 0.0), (0.04, 0.04), (0.0, 0.04), (0.0, 0.0)])
def test_a_background_gives_way_to_a_neighbour_by_which_the_other_half_is_predicted_better(rate, settled):
    rng = np.random.default_rng(6)
    foretells = rng.standard_normal(8000)
    within = rng.exponential(1.0 / (rate + 0.03 * np.exp(1.5 * foretells))) * 365.25
    rows = pd.DataFrame({"event": np.where(within < 1800.0, "event", "none"), "time_to_event": np.minimum(within, 1830.0)})
    rows = rows.assign(patient_id=rows.index.astype(str), landmark=pd.Timestamp("2018-01-01"))
    x, half = (60.0 + 10.0 * foretells)[:, None], np.arange(8000) % 2 == 0
    options = KIND.checked({"penalties": (0.001,), "backgrounds": (0.0, 0.04), "splines": False}, "models.logistic", ["age"], [])
    model = fit_anew(x, rows, half, ["age"], HORIZONS, options | {"backgrounds": (settled,)}, **options)
    expected = fit_logistic(x[half], rows[half], ["age"], HORIZONS, penalties=(0.001,), backgrounds=(rate,), splines=False)
    np.testing.assert_allclose(model.margins(x), expected.margins(x), atol=0.02)
