"""What every estimator keeps, over all kinds that are registered: a new one is tested by being there."""

from inspect import Parameter

import numpy as np
import optuna
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from myeloma import ConfigError
from myeloma.calendar import horizon_days
from serving.models import KINDS as ANSWERED
from serving.models import logistic
from tests.model_kinds import COLUMNS, HORIZONS, fit, fitted, people
from training.estimators import KINDS
from training.metrics import aalen_johansen, horizon_metrics
from training.rows.censoring import FollowUp

OTHERS = [name for name, kind in KINDS.items() if not kind.combines]
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))
fitted_to_rows = pytest.mark.parametrize("kind", sorted(OTHERS))


def checked(kind, **options):
    return KINDS[kind].checked(options, "models." + kind, COLUMNS, OTHERS)


def test_what_can_be_fitted_can_be_answered_with_and_the_other_way_round():
    assert set(KINDS) == set(ANSWERED)


@every_kind
def test_a_kind_gives_the_model_that_serving_knows_by_its_name(kind):
    assert type(fitted(kind)) is ANSWERED[kind]


@every_kind
def test_the_card_has_words_for_it(kind):
    assert KINDS[kind].missing.endswith(".")
    assert KINDS[kind].fitted_to


@every_kind
def test_a_misspelt_option_is_refused_with_its_place_and_the_nearest(kind):
    name = next(iter(KINDS[kind].defaults))
    with pytest.raises(ConfigError, match=rf'models\.{kind}: unknown option "{name}x".*did you mean "{name}"'):
        checked(kind, **KINDS[kind].example, **{f"{name}x": 1})


@every_kind
def test_a_value_that_no_option_takes_is_refused_in_words(kind):
    for name in KINDS[kind].defaults:
        with pytest.raises(ConfigError, match=rf"models\.{kind}\.{name}.*accepted: "):
            checked(kind, **KINDS[kind].example | {name: {"no": "option takes this"}})


@every_kind
def test_what_it_has_to_be_told_is_asked_for(kind):
    for name in KINDS[kind].example.keys() & {n for n, default in KINDS[kind].defaults.items() if default is Parameter.empty}:
        with pytest.raises(ConfigError, match=f'accepted: the same with "{name}"'):
            checked(kind, **{other: value for other, value in KINDS[kind].example.items() if other != name})


@every_kind
def test_what_is_searched_are_options_that_it_takes(kind):
    if KINDS[kind].space is None:
        return
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    for _ in range(5):
        options = checked(kind, **KINDS[kind].example | KINDS[kind].space(study.ask()))
        assert np.isfinite(fit(kind, *people(150), **options).margins(people(150)[0])).all()


@every_kind
def test_the_same_rows_and_seed_give_the_same_model_to_the_last_bit(kind):
    x, rows = people()
    assert fit(kind, x, rows).margins(x).tobytes() == fitted(kind).margins(x).tobytes()


@every_kind
def test_the_number_of_threads_of_a_fit_moves_no_log_odds_by_more_than_rounding(kind):
    x, rows = people()
    with threadpool_limits(limits=1):
        alone = fit(kind, x, rows).margins(x)
    assert fitted(kind).margins(x) == pytest.approx(alone, abs=1e-6)


@every_kind
def test_a_fit_changes_nothing_of_what_it_is_given(kind):
    x, rows = people(150)
    before = rows.copy()
    x.flags.writeable = False
    fit(kind, x, rows)
    pd.testing.assert_frame_equal(rows, before)


@every_kind
@pytest.mark.parametrize("horizons", [(24,), (6, 12, 24, 36, 60)])
def test_it_is_fitted_to_the_horizons_that_are_asked_for(kind, horizons):
    x, rows = people()
    assert fit(kind, x, rows, horizons).margins(x).shape == (len(x), len(horizons))


@every_kind
def test_it_finds_what_there_is_to_find(kind):
    x, rows = people(1500, seed=5)
    found = horizon_metrics(FollowUp.of(rows), logistic(fitted(kind).margins(x))[:, 1], float(horizon_days(24)))
    assert found["auc"] > 0.65


@every_kind
def test_the_lost_are_not_called_negative_and_deaths_compete(kind):
    """Of those lost within two years nobody knows: calling them negative would tell about half of the risk."""
    x, rows = people(1200, lost_within=40.0)
    expected = aalen_johansen(FollowUp.of(rows), [float(horizon_days(24))])[0]
    called_negative = ((rows["event"] == "event") & (rows["time_to_event"] <= horizon_days(24))).mean()
    alive = rows.assign(event=rows["event"].replace("competing", "none"))
    deaths_censored = aalen_johansen(FollowUp.of(alive), [float(horizon_days(24))])[0]
    risk = logistic(fit(kind, x, rows, (24,)).margins(x)).mean()
    assert risk == pytest.approx(expected, abs=0.015)
    assert called_negative < expected - 0.03
    assert deaths_censored > expected + 0.02


@fitted_to_rows
def test_a_person_counts_by_how_long_they_were_seen_not_by_how_often(kind):
    """100 people seen on one day, of whom nobody progresses, and 100 seen on twelve, of whom half do: a quarter, or almost half."""
    person = np.r_[np.arange(100), np.repeat(np.arange(100, 200), 12)]
    visit = np.r_[np.zeros(100), np.tile(np.arange(12), 100)]
    event = np.where((person >= 100) & (person % 2 == 0), "event", "none")
    rows = pd.DataFrame({"event": event, "time_to_event": np.where(event == "event", 100.0 + person, 900.0)})
    rows["patient_id"], rows["landmark"] = person.astype(str), pd.Timestamp("2018-01-01") + pd.to_timedelta(visit, unit="D")
    x = np.random.default_rng(1).normal(10.0, 2.0, (len(rows), len(COLUMNS)))
    by_person, by_visit = (logistic(fit(kind, x, rows, (24,), weighting=w).margins(x)).mean() for w in ("patients", "visits"))
    assert by_person == pytest.approx(0.25, abs=0.04)
    assert by_visit == pytest.approx(0.46, abs=0.04)
    assert KINDS[kind].defaults["weighting"] == "patients"


@every_kind
def test_few_people_of_whom_nobody_dies_are_enough(kind):
    x, rows = people(60)
    alive = rows.assign(event=rows["event"].replace("competing", "none"))
    assert np.isfinite(fit(kind, x, alive).margins(x)).all()
    assert len(HORIZONS) == fit(kind, x, alive).margins(x).shape[1]
