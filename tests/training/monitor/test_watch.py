"""The parts of the watch: quantiles, corrections, each check at its boundary, and the rules of the verdict."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from features import FeatureSpec
from features.intake.quality import clean
from features.simulation.smm import simulate
from myeloma import ConfigError, DataError, StateError
from myeloma.calendar import DAYS_PER_MONTH
from training.monitor.drift import LEAST_PEOPLE, exceeds, missing
from training.monitor.findings import Finding, with_status
from training.monitor.outcome import Bounds, check_of_outcomes
from training.monitor.people import Period, Visits, period_of
from training.monitor.post_stratification import share_missing
from training.monitor.suspected_units import LEAST_AT_SITE, factors, suspected_units
from training.monitor.verdict import LOOK, NOTHING, RETRAIN, TOO_FEW, verdict_of
from training.monitor.watch import watch
from training.reference import reference_ranges
from training.reference.by_time import LEAST_IN_BAND, MONTHS, reference_of_bands, time_band
from training.reference.columns import level_column
from training.reference.quantiles import GRID, positions, quantiles_of, variance

ROOM = Bounds(0.8, 1.25)


def reference(values, share_missing=0.0, people=500):
    """What training remembers of one figure at one time."""
    return {"people": people, "known": people, "missing": share_missing, "quantiles": quantiles_of(np.asarray(values, dtype=float))}


def level(values, then, kind="level", name="age"):
    """The check of values that were all seen at the one time that training remembers."""
    return exceeds(kind, name, values, np.zeros(len(values), dtype=int), [then])


def unknown(count, of, before, people=500):
    return missing("age", np.arange(of) < count, np.zeros(of, dtype=int), [reference([], before, people)])


# quantiles


def test_a_position_is_the_share_below_with_equal_values_in_the_middle():
    grid = quantiles_of(np.array([0.0] * 50 + [1.0] * 50))
    assert positions(np.array([-1.0, 0.0, 1.0, 2.0]), grid) == pytest.approx([0.0, 0.25, 0.75, 1.0], abs=0.03)
    assert variance(grid) == pytest.approx(1 / 16, abs=0.005)  # of 1/4 and 3/4


@given(st.lists(st.integers(0, 30), min_size=200, max_size=300))
def test_positions_rise_with_the_value_and_are_shares(values):
    grid = quantiles_of(np.asarray(values, dtype=float))
    at = positions(np.arange(-1.0, 32.0, 0.5), grid)
    assert (np.diff(at) >= -1e-12).all()
    assert ((at >= 0) & (at <= 1)).all()


def test_the_mean_position_is_the_mann_whitney_probability():
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=4000), rng.normal(0.5, 1, size=200)
    u = stats.mannwhitneyu(new, old).statistic / (len(new) * len(old))
    assert positions(new, quantiles_of(old)).mean() == pytest.approx(u, abs=0.005)


def test_the_grid_holds_no_extreme_value_and_fitting_keeps_it_beside_the_ranges():
    x = np.array([[1.0], [np.nan], [2.0], [900.0]] + [[1.5]] * 400)
    kept = reference_ranges(x, ["age"])["age"]
    assert set(kept) == {"missing", "p01", "p50", "p99", "quantiles"}
    assert len(kept["quantiles"]) == len(GRID)
    assert max(kept["quantiles"]) < 900


def test_what_was_never_measured_has_no_quantiles():
    assert quantiles_of(np.full(5, np.nan)) == []
    assert level(np.arange(40.0), reference([np.nan])).words.startswith("too few to say: 0 people to compare")


# corrections and intervals


def check(p, large=True):
    return Finding("level", "age", "Age", 40, p=p, large=large)


def test_holm_steps_down_and_stops_at_the_first_that_does_not_pass():
    found = with_status([check(0.02), check(0.011), check(0.30), check(0.03)], level=0.05)
    # 0.011 <= 0.05/4, but 0.02 > 0.05/3: it and all after it stay
    assert [f.status for f in found] == ["steady", "changed", "steady", "steady"]


def test_what_has_an_interval_that_reaches_outside_is_not_called_steady():
    found = with_status([check(0.9), replace(check(0.9), within=False), replace(check(1e-9), within=False)])
    assert [f.status for f in found] == ["steady", "not shown", "changed"]


def test_a_change_that_is_sure_but_small_is_steady_and_an_untested_one_stays_too_few():
    found = with_status([check(1e-9, large=False), check(None)])
    assert [f.status for f in found] == ["steady", "too few"]


# missing


def test_a_share_missing_has_an_interval_and_a_small_count_is_not_shown():
    shown = unknown(10, 40, 0.05)
    assert (shown.estimate, shown.large) == (0.25, True)
    assert shown.p < 0.001
    hidden = unknown(3, 40, 0.05)
    assert (hidden.estimate, hidden.lo, hidden.hi) == (None, None, None)
    assert hidden.words.startswith("missing in fewer than 10 of 40")
    assert unknown(9, 40, 0.05).words == unknown(3, 40, 0.05).words
    assert unknown(37, 40, 0.05).words.startswith("missing in all but fewer than 10 of 40")


@pytest.mark.parametrize(("people", "tested"), [(LEAST_PEOPLE - 1, False), (LEAST_PEOPLE, True)])
def test_fewer_people_than_the_minimum_are_too_few_to_say(people, tested):
    assert (unknown(0, people, 0.5).p is not None) == tested
    found = level(np.arange(float(people)), reference(range(100)))
    assert (found.p is not None) == tested
    assert ("too few to say" in found.words) != tested


# levels


def test_a_level_is_a_probability_with_an_interval_around_it():
    rng = np.random.default_rng(2)
    found = level(rng.normal(1, 1, 60), reference(rng.normal(size=5000), people=5000))
    assert found.estimate == pytest.approx(stats.norm.cdf(1 / 2**0.5), abs=0.07)
    assert found.lo < found.estimate < found.hi
    assert found.p < 1e-6


def test_a_reference_of_few_people_makes_the_check_less_sure():
    values = np.random.default_rng(3).normal(0.5, 1, 60)
    old = np.random.default_rng(4).normal(size=5000)
    assert level(values, reference(old, people=50)).p > level(values, reference(old, people=5000)).p


def test_neither_the_few_without_a_value_nor_the_few_of_a_sex_can_be_counted():
    values = np.arange(40.0)
    values[:3] = np.nan
    assert level(values, reference(range(100))).shown == ">30"
    sex = level(np.array([1.0] * 3 + [0.0] * 37), reference([0, 1] * 50), name="female")
    assert (sex.estimate, sex.words) == (None, "fewer than 10 people have one of the two values")


# like time since diagnosis


def visits_at(months, **columns):
    """A visit of a person each, so many months after diagnosis."""
    index = pd.Timestamp("2020-01-01")
    days = pd.to_timedelta(np.ceil(np.asarray(months) * DAYS_PER_MONTH), unit="D")
    return pd.DataFrame({"patient_id": [f"p{k}" for k in range(len(months))], "index_date": index, "landmark": index + days, **columns})


def of_training(rows, name):
    return reference_of_bands(rows, {name: rows[name].to_numpy(dtype=float)})["figures"][name]


def test_a_time_begins_on_its_day():
    rows = visits_at([0, 0, 12, 500])
    assert time_band(rows, (0.0, 12.0, 24.0)).tolist() == [0, 0, 1, 2]
    rows.loc[2, "landmark"] -= pd.Timedelta(days=1)
    assert time_band(rows, (0.0, 12.0, 24.0)).tolist() == [0, 0, 0, 2]


def test_training_remembers_people_not_visits_and_nothing_of_too_few_at_a_time():
    few, many = visits_at([13.0] * (LEAST_IN_BAND - 1)), visits_at([30.0] * 2 * LEAST_IN_BAND)
    many["patient_id"] = [f"q{k // 2}" for k in range(len(many))]
    many["age"] = [60.0, np.nan] * LEAST_IN_BAND
    then = of_training(pd.concat([few.assign(age=60.0), many], ignore_index=True), "age")
    assert [k for k, one in enumerate(then) if one] == [MONTHS.index(24.0)]
    found = then[MONTHS.index(24.0)]
    assert (found["people"], found["known"], found["missing"]) == (LEAST_IN_BAND, LEAST_IN_BAND, 0.5)
    assert len(found["quantiles"]) == len(GRID)
    many.loc[0, "age"] = np.nan  # a value of one person fewer
    assert of_training(many, "age")[MONTHS.index(24.0)]["quantiles"] == []


def test_people_seen_later_than_training_mostly_was_have_not_changed_for_that():
    """A marrow as old as the diagnosis, gone from the look-back after a year: so in training, and so here."""
    rng = np.random.default_rng(11)
    training, here = rng.uniform(0, 60, 3000), rng.uniform(40, 60, 60)
    then, time = visits_at(training, age=training, recent=np.where(training < 12, 1.0, np.nan)), time_band(visits_at(here), MONTHS)
    older, gone = exceeds("older", "age", here, time, of_training(then, "age")), missing("age", here > 0, time, of_training(then, "recent"))
    assert (older.large, gone.large) == (False, False)
    assert gone.reference == 1.0
    without_time = np.zeros(60, dtype=int)
    assert exceeds("older", "age", here, without_time, [reference(training)]).large
    assert missing("age", here > 0, without_time, [reference([], 0.8)]).large


def test_what_is_missing_in_training_is_weighted_by_the_times_of_the_people_here():
    then = [reference([], 0.0, 400), reference([], 0.8, 100)]
    who, before, people = share_missing(np.array([0] * 10 + [1] * 30), then)
    assert (who.all(), before) == (True, pytest.approx(0.6))
    assert people == pytest.approx(1 / (0.25 / 20 + 0.75 / 10) ** 2)  # the same people at both times: standard errors are added


def test_people_at_a_time_of_which_training_remembers_nothing_are_left_out_and_counted():
    time, then = np.array([0] * 30 + [1] * 12), [reference(range(100)), None]
    for found in (exceeds("level", "age", np.full(42, 50.0), time, then), missing("age", np.zeros(42, dtype=bool), time, then)):
        assert (found.people, found.shown) == (30, "")
        assert found.words.endswith("; 12 left out: nobody to compare with")


def test_neither_the_few_left_out_nor_beside_them_the_few_without_a_value_can_be_counted():
    then = [reference(range(100)), None]
    two = missing("age", np.arange(32) < 2, np.arange(32) // 30, then)
    assert (two.shown, two.words) == (
        ">22",
        "missing in fewer than 10 of >22, 0% in training at like time; fewer than 10 left out: nobody to compare with",
    )
    values, twelve = np.full(42, 50.0), np.arange(42) // 30
    values[:3] = values[-1] = np.nan  # 27 compared, three have no value, twelve are left out, one of these without a value
    assert exceeds("level", "age", values, twelve, then).shown == ">20"


# units

SPEC = FeatureSpec(("m_protein", "hemoglobin", "flc_ratio"), ("365d", "ever"), ("last",), ("age",))


def visits_of(rng, sites, **changed):
    """Visits whose values follow the reference, but for what is changed."""
    n = sum(sites.values())
    values = {
        "m_protein": rng.lognormal(0.6, 0.5, n),
        "hemoglobin": rng.normal(13, 1.5, n),
        "flc_ratio": rng.lognormal(2, 1.2, n),
    } | changed
    frame = {f"{name}__last__{window}": value for name, value in values.items() for window in SPEC.look_backs}
    return pd.DataFrame({"site": np.repeat(list(sites), list(sites.values())), "age": 60.0, **frame})


@pytest.fixture(scope="module")
def about():
    rows = visits_of(np.random.default_rng(5), {"a": 5000})
    x = rows[SPEC.columns()].to_numpy(dtype=float)
    return {"reference": reference_ranges(x, SPEC.columns()), "trained_on": {"patients": 5000}}


def units(rows, about):
    return [(one.biomarker, one.site, one.factor) for one in suspected_units(rows, SPEC, about, level_column)]


def test_the_factors_are_those_of_the_catalogue_their_inverses_and_ten():
    assert {0.6206, 1 / 0.6206, 10.0, 0.1} == {k for _, k in factors("hemoglobin")}
    assert list(factors("flc_ratio")) == []


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_unit_changed_at_one_site_is_named_with_the_site(about, factor):
    rows = visits_of(np.random.default_rng(6), {"a": 15, "b": 15})
    rows.loc[rows["site"] == "b", "m_protein__last__ever"] *= factor
    assert units(rows, about) == [("m_protein", "b", factor)]


def test_a_factor_of_the_catalogue_that_is_no_power_of_ten_is_found(about):
    rng = np.random.default_rng(7)
    rows = visits_of(rng, {"a": 20}, hemoglobin=rng.normal(13, 1.5, 20) * 0.6206)
    assert units(rows, about) == [("hemoglobin", "a", 0.6206)]


def test_people_twice_as_sick_are_no_other_unit_and_a_ratio_has_none(about):
    rng = np.random.default_rng(8)
    rows = visits_of(rng, {"a": 30}, m_protein=2 * rng.lognormal(0.6, 0.5, 30), flc_ratio=10 * rng.lognormal(2, 1.2, 30))
    assert units(rows, about) == []


@pytest.mark.parametrize(("people", "seen"), [(LEAST_AT_SITE - 1, False), (LEAST_AT_SITE, True)])
def test_a_site_with_too_few_people_is_not_judged(about, people, seen):
    rows = visits_of(np.random.default_rng(9), {"a": 30, "b": people})
    rows.loc[rows["site"] == "b", "m_protein__last__ever"] *= 10
    assert (units(rows, about) == [("m_protein", "b", 10.0)]) == seen


def test_without_recorded_sites_everybody_is_looked_at_together(about):
    rows = visits_of(np.random.default_rng(10), {"": 30})
    rows["m_protein__last__ever"] *= 10
    assert units(rows, about) == [("m_protein", "", 10.0)]


# outcomes


def followed(progress, free):
    event = ["event"] * progress + ["none"] * free
    time = [100.0 + k for k in range(progress)] + [2000.0] * free
    return pd.DataFrame({"patient_id": [f"p{k}" for k in range(len(event))], "event": event, "time_to_event": time})


def test_observed_over_expected_is_the_ratio_and_its_interval_is_about_that_of_a_count():
    found = check_of_outcomes(followed(50, 150), np.full(200, 0.20), 24, ROOM, 1)
    assert found.estimate == pytest.approx(1.25)
    assert np.log(found.hi / found.lo) / (2 * 1.96) == pytest.approx(np.sqrt(0.75 / 50), rel=0.1)  # of a binomial share


@pytest.mark.parametrize(("high", "shown"), [(1.2, "1.204 ("), (1.21, "1.20 (")])
def test_a_ratio_that_misses_a_bound_is_not_rounded_to_it(high, shown):
    found = check_of_outcomes(followed(50, 150), np.full(200, 0.25 / 1.204), 24, Bounds(0.8, high), 1)
    assert found.words.startswith(shown)
    assert found.words.endswith(f"accepted 0.8 to {high})")


def test_fewer_than_twenty_events_are_too_few_and_the_number_needed_is_said():
    found = check_of_outcomes(followed(19, 150), np.full(169, 0.10), 24, ROOM, 3)
    assert (found.status, found.estimate) == ("too few", None)
    assert "19 of 169 people progressed within 24 months; 20 are the least, 74 show risks wrong by 1.5 times" in found.words
    assert "about 740 people" in found.words
    assert "fewer than 10 of 20 people" in check_of_outcomes(followed(3, 17), np.full(20, 0.10), 24, ROOM, 3).words


def test_outcomes_are_of_a_year_at_least_whose_horizon_has_passed():
    day = pd.Timestamp
    month = Period(day("2024-06-01"), day("2024-06-30"), day("2024-06-30"))
    assert month.for_outcomes(12) == (day("2022-07-01"), day("2023-07-01"))
    past = Period(day("2015-01-01"), day("2017-12-31"), day("2024-06-30"))
    assert past.for_outcomes(12) == (day("2015-01-01"), day("2017-12-31"))


# verdict


def finding(kind, status="changed", name="age"):
    return Finding(kind, name, name, 40, status=status)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([finding("level", "steady"), finding("outcome", "too few")], NOTHING),
        ([finding("level", "too few"), finding("outcome", "too few")], TOO_FEW),
        ([finding("level", "not shown"), finding("outcome", "too few")], TOO_FEW),
        ([finding("level", "steady"), finding("outcome", "not shown")], NOTHING),
        ([finding("level"), finding("outcome", "steady")], LOOK),
        ([finding("missing")], LOOK),
        ([finding("outcome")], RETRAIN),
        ([finding("outcome"), finding("unit")], LOOK),
        ([finding("level", name="months_since_index"), finding("level", "steady")], NOTHING),
        ([finding("level", name="months_since_index"), finding("level", "too few")], TOO_FEW),
    ],
)
def test_the_verdict_follows_its_rules(findings, verdict):
    assert verdict_of(findings).verdict == verdict


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        (["steady", "steady"], "chance."),
        (["steady", "too few"], "That the risks are right is not shown at every horizon."),
        (["not shown", "too few"], "That the risks are right is not shown."),
    ],
)
def test_nothing_to_do_says_how_far_the_risks_are_shown_to_be_right(outcomes, says):
    advice = verdict_of([finding("level", "steady"), *(finding("outcome", status) for status in outcomes)])
    assert (advice.verdict, advice.why.endswith(says)) == (NOTHING, True), advice.why


# who is looked at, and refusals


@pytest.fixture(scope="module")
def small():
    return clean(simulate(40, seed=3))[0]


@pytest.fixture
def champion(small_artifact, smm_plan):
    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))
    plan = replace(smm_plan, task=replace(smm_plan.task, features=spec, horizons=(24,)))
    artifact = small_artifact(plan.task)
    grids = {name: reference(range(10)) for name in artifact.columns}
    figures = {name: [reference(range(10))] * 2 + [None] for name in (*artifact.columns, "risk_24m")}
    by_time = {"months": [0.0, 12.0, 24.0], "figures": figures}
    about = artifact.about | {"reference": grids, "reference_by_time": by_time, "trained_on": {"patients": 100}}
    return replace(artifact, about=about), plan


def test_each_person_counts_once_last_for_inputs_and_first_for_outcomes(small, champion):
    visits = Visits(small, champion[0])
    days = pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")
    last, first = visits.last(*days), visits.first_followed(*days)
    assert last["patient_id"].is_unique
    assert first["patient_id"].is_unique
    both = last.merge(first, on="patient_id")
    assert (both["landmark_x"] >= both["landmark_y"]).all()
    assert (both["landmark_x"] > both["landmark_y"]).any()


def test_what_counts_as_the_outcome_is_what_the_champion_was_fitted_to(small, champion):
    artifact = champion[0]
    of_death = replace(artifact, about=artifact.about | {"event": "death", "competing_event": "progression"})
    days = pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")
    seen, other = (Visits(small, one).first_followed(*days).set_index("patient_id")["event"] for one in (artifact, of_death))
    both = seen.index.intersection(other.index)
    assert (seen.loc[both] == "event").any()
    assert other.loc[both][seen.loc[both] == "event"].eq("competing").all()  # now the competing event


def test_a_champion_that_remembers_no_times_is_refused(small, champion):
    artifact, plan = champion
    old = replace(artifact, about={k: v for k, v in artifact.about.items() if k != "reference_by_time"})
    with pytest.raises(StateError, match=r"earlier version.*fit and register again"):
        watch(small, old, plan)


def test_people_whom_nobody_of_training_can_be_compared_with_are_told(small, champion):
    watched = watch(small, *champion, since="2024-07-01", until="2024-12-31")  # nobody enters the simulated study that late
    assert watched.verdict.verdict == TOO_FEW
    assert any("24 or more months after diagnosis, when fewer than 20 people of training were" in note for note in watched.notes)


def test_a_champion_that_was_recalibrated_to_this_very_cohort_says_so(small, champion):
    artifact, plan = champion

    def notes(cohort_hash):
        moved = replace(artifact, about=artifact.about | {"recalibrated": {"cohort_hash": cohort_hash}})
        return [note for note in watch(small, moved, plan, since="2000-01-01").notes if "recalibrated to" in note]

    assert len(notes(small.content_hash())) == 1
    assert notes("another") == []


def test_a_task_that_differs_from_the_champion_in_any_rule_is_refused(small, champion, other_rule):
    artifact, plan = champion
    rule, differing = other_rule
    with pytest.raises(ConfigError, match=f"fitted under other rules than task smm has: {rule} .*, now "):
        watch(small, artifact, differing(plan))


def test_every_rule_that_differs_is_named_with_both_values(small, champion):
    artifact, plan = champion
    rules = replace(plan.task.rules, event="death", competing_event="transplant", landmarks=(0, 12))
    says = r"event progression, now death; competing_event death, now transplant; landmarks visits, now \[0, 12\]"
    with pytest.raises(ConfigError, match=says):
        watch(small, artifact, replace(plan, task=replace(plan.task, rules=rules)))


def test_a_cohort_of_another_population_is_refused_and_says_why(small, champion):
    other = replace(small, patients=small.patients.assign(stage="mgus"))
    with pytest.raises(DataError, match=r"No visit of anybody at risk .*other_stage.*stage smm"):
        watch(other, *champion, since="2000-01-01")


def test_a_period_without_visits_or_turned_round_is_refused(small, champion):
    with pytest.raises(DataError, match=r"no visit at all.*results of this cohort run from"):
        watch(small, *champion, since="1990-01-01", until="1990-12-31")
    with pytest.raises(ConfigError, match="after its end"):
        watch(small, *champion, since="2020-02-01", until="2020-01-01")
    with pytest.raises(ConfigError, match="the cohort's last day"):
        period_of(small, "2240-01-01", None)
    with pytest.raises(DataError, match="not a date"):
        period_of(small, "yesterday", None)
    with pytest.raises(DataError, match="no result"):
        period_of(replace(small, measurements=small.measurements.head(0)), None, None)


def test_one_site_only_is_said(small, champion):
    alone = replace(small, patients=small.patients.assign(site="only"))
    assert any("One site" in note for note in watch(alone, *champion, since="2000-01-01").notes)
