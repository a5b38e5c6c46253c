"""Several sites as one, from sums alone: equal to the whole where it adds up, heterogeneity where it does not, nothing altered or mixed."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError, StateError
from myeloma.calendar import horizon_days
from training.metrics import Draws, judged_at, main_measures
from training.monitor.elsewhere.aggregates import aggregates_of, handed_out, read_aggregates, write_aggregates
from training.monitor.elsewhere.pool import alike, pool, random_effects, who_is_in
from training.rows.censoring import REACH, STRATUM

MONTHS = (24, 60)
PEOPLE = 300


def site(k, people=PEOPLE, shift=0.0):
    """People of a simulated site, some with two visits, and their risks at two horizons; death competes, some are lost."""
    rng = np.random.default_rng(k)
    hazard = np.exp(-4.0 + rng.normal(size=people))
    progression, death, lost = rng.exponential(12.0 / hazard / 4.0), rng.exponential(300.0, people), rng.uniform(20.0, 150.0, people)
    first = np.argmin([progression, death, lost], axis=0)
    months = np.min([progression, death, lost], axis=0)
    rows = pd.DataFrame(
        {
            "patient_id": [f"{k}-{i}" for i in range(people)],
            "event": np.array(["event", "competing", "none"])[first],
            "time_to_event": np.ceil(months * horizon_days(12) / 12.0),
            STRATUM: 0,
            "site": k,
        }
    )
    risk = np.column_stack([1.0 - np.exp(-hazard * np.exp(shift) * h / 3.0) for h in MONTHS])
    again = rng.random(people) < 0.3
    return pd.concat([rows, rows[again]], ignore_index=True), np.vstack([risk, risk[again]])


def found(k, rows, risk, seal="a" * 64, version="3", primary=24):
    """What a validation at a site found, as far as its sums go."""
    task = SimpleNamespace(name="smm", horizons=MONTHS)
    return SimpleNamespace(
        plan=SimpleNamespace(task=task, primary_horizon=primary, evaluation=SimpleNamespace(bootstrap=50, seed=1)),
        artifact=SimpleNamespace(origin={"model_name": "smm-progression"}, seal=seal),
        version=version,
        overlap=object(),
        cohort_hash=f"{k:016d}",
        judged=SimpleNamespace(rows=rows, risks={"champion": risk}),
    )


@pytest.fixture(scope="module")
def sites():
    return [site(k) for k in range(8)]


@pytest.fixture(scope="module")
def written(sites, tmp_path_factory):
    """The files of the eight sites."""
    folder = tmp_path_factory.mktemp("sites")
    for k, (rows, risk) in enumerate(sites):
        write_aggregates(aggregates_of(found(k, rows, risk)), folder / f"{k}.json")
    return sorted(folder.glob("*.json"))


def test_what_adds_up_is_that_of_all_rows_in_one_place(sites, written):
    """In one place each site has a censoring curve of its own, as at the site."""
    rows = pd.concat([rows.assign(**{STRATUM: rows["site"]}) for rows, _ in sites], ignore_index=True)
    risk = np.vstack([risk for _, risk in sites])
    pooled = pool([read_aggregates(path) for path in written])
    assert [one.months for one in pooled] == list(MONTHS)
    for h, one in enumerate(pooled):
        judged = judged_at(rows, one.months, Draws.of(rows["patient_id"], 0, 1))
        assert judged.sample.stratum.max() == 7
        whole = main_measures(judged.sample, risk[:, h])
        assert one.oe_ratio == pytest.approx(whole[("oe_ratio", None)][0], rel=1e-9)
        assert one.brier == pytest.approx(whole[("brier", None)][0], rel=1e-9)
        assert one.observed == pytest.approx(judged.sample.cases[0], rel=1e-9)
        assert (one.rows, one.people) == (len(rows), rows["patient_id"].nunique())
        assert one.events == rows.loc[judged.sample.case, "patient_id"].nunique()


def test_visits_out_of_the_studys_reach_are_in_no_sum():
    """Of these a site knows no event to the horizon, so none must be expected of them."""
    rows, risk = site(1)
    rows = rows.assign(**{REACH: np.inf})
    late = rows.assign(patient_id="late-" + rows["patient_id"], event="event", time_to_event=10.0, **{REACH: 400.0})
    both = aggregates_of(found(1, pd.concat([rows, late], ignore_index=True), np.vstack([risk, risk])))
    for one, alone in zip(both.horizons, aggregates_of(found(1, rows, risk)).horizons, strict=True):
        for name in ("people", "rows", "events", "observed", "expected", "squared_error", "log_oe", "logit_auc"):
            assert getattr(one, name) == pytest.approx(getattr(alone, name)), name


def test_alike_sites_have_little_heterogeneity_and_one_that_differs_shows(sites, written):
    alike = [read_aggregates(path) for path in written]
    odd = [aggregates_of(found(k, *site(k, shift=1.2 if k % 2 else -0.3))) for k in range(8)]
    same, differing = pool(alike)[0].oe, pool(odd)[0].oe
    assert same.i2 < 0.5 < differing.i2
    assert same.tau2 < differing.tau2
    assert differing.predicted_hi - differing.predicted_lo > differing.hi - differing.lo
    assert differing.predicted_lo < differing.lo < differing.mean < differing.hi < differing.predicted_hi


def test_the_mean_lies_between_the_sites_and_equals_them_where_they_agree():
    agreeing = random_effects([(0.2, 0.1)] * 4)
    assert (agreeing.mean, agreeing.tau2, agreeing.i2) == (pytest.approx(0.2), 0.0, 0.0)


def test_the_variance_between_sites_is_that_they_were_drawn_with():
    rng = np.random.default_rng(4)
    drawn = [random_effects([(rng.normal(rng.normal(0.0, 0.3), 0.1), 0.1) for _ in range(8)]) for _ in range(300)]
    assert np.mean([one.tau2 for one in drawn]) == pytest.approx(0.09, rel=0.15)
    assert np.mean([one.lo < 0.0 < one.hi for one in drawn]) == pytest.approx(0.95, abs=0.03)
    another = rng.normal(0.0, 0.3, 300)
    inside = [one.predicted_lo < value < one.predicted_hi for one, value in zip(drawn, another, strict=True)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)


def test_two_sites_have_sums_and_no_heterogeneity(written):
    pooled = pool([read_aggregates(path) for path in written[:2]])
    assert pooled[0].oe is None
    assert pooled[0].oe_ratio > 0


def test_a_file_holds_no_row_no_identifier_and_no_count_below_ten(sites, written):
    text = written[0].read_text()
    assert not any(name in text for name in sites[0][0]["patient_id"])
    said = json.loads(text)
    assert all(one[name] >= 10 for one in said["horizons"] for name in ("people", "rows", "events"))
    assert (said["version"], said["seal"], said["model"]) == ("3", "a" * 64, "smm-progression")


@pytest.mark.parametrize(("events", "kept"), [([9, 20], [60]), ([10, 30], [24, 60]), ([12, 21], [24]), ([12, 22], [24, 60])])
def test_a_horizon_with_fewer_than_ten_events_or_so_few_more_than_the_one_before_is_left_out(events, kept):
    progressing = np.arange(100) < events[1]
    time = np.where(progressing, np.where(np.arange(100) < events[0], 300, 1500), 4000)
    rows = pd.DataFrame({"patient_id": np.arange(100).astype(str), "event": np.where(progressing, "event", "none"), "time_to_event": time})
    sums = aggregates_of(found(1, rows, np.linspace(0.05, 0.4, 200).reshape(100, 2))).horizons
    assert [one.months for one in sums] == kept


@pytest.mark.parametrize(("primary", "kept"), [(24, [24]), (60, [60])])
@pytest.mark.parametrize("near", ["people", "events"])
def test_the_primary_horizon_is_handed_out_and_what_is_too_near_to_it_is_not(primary, kept, near):
    person = np.arange(100)
    more = 60 if near == "people" else 32
    time = np.select([person < 30, person < more], [300, 1500], 4000)
    reach = np.where(person >= (97 if near == "people" else 100), 800.0, np.inf)
    rows = pd.DataFrame({"patient_id": person.astype(str), "event": np.where(person < more, "event", "none"), "time_to_event": time})
    out = aggregates_of(found(1, rows.assign(**{REACH: reach}), np.linspace(0.05, 0.4, 200).reshape(100, 2), primary=primary))
    assert [one.months for one in out.horizons] == kept
    assert [(one.months, f"its difference of {near} to another horizon in it" in one.why) for one in out.left_out] == [(84 - primary, True)]


@pytest.mark.parametrize(("later", "kept"), [(0, [24, 60]), (9, [24]), (10, [24, 60])])
def test_a_horizon_to_which_so_few_people_fewer_could_be_followed_is_left_out(later, kept):
    person = np.arange(100)
    time, reach = np.select([person < 30, person < 60], [300, 1500], 4000), np.where(person >= 100 - later, 800.0, np.inf)
    rows = pd.DataFrame({"patient_id": person.astype(str), "event": np.where(person < 60, "event", "none"), "time_to_event": time})
    sums = aggregates_of(found(1, rows.assign(**{REACH: reach}), np.linspace(0.05, 0.4, 200).reshape(100, 2))).horizons
    assert [one.months for one in sums] == kept


def test_a_file_that_was_altered_is_refused(written, tmp_path):
    said = json.loads(written[0].read_text())
    said["horizons"][0]["events"] += 1
    (tmp_path / "altered.json").write_text(json.dumps(said))
    with pytest.raises(DataError, match=r"was altered: its checksum is \w{12}, what it says has") as refusal:
        read_aggregates(tmp_path / "altered.json")
    assert refusal.value.code == "altered"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"checksum": "x"}', "id,age\n1,60\n"])
def test_a_file_that_is_none_of_a_site_is_refused(tmp_path, content):
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(DataError) as refusal:
        read_aggregates(tmp_path / "other.json")
    assert refusal.value.code in ("not_aggregates", "altered")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StateError, match=r"No file .*nowhere\.json"):
        read_aggregates(tmp_path / "nowhere.json")


@pytest.mark.parametrize("change", [{"seal": "b" * 64}, {"version": "4"}, {"task": "mgus"}])
def test_sites_that_judged_another_model_are_refused(written, change):
    first, second = (read_aggregates(path) for path in written[:2])
    with pytest.raises(DataError, match="The sites judged other models: received") as refusal:
        pool([first, replace(second, **change)])
    assert refusal.value.code == "other_model"


@pytest.mark.parametrize(("take", "code"), [([0], "one_site"), ([0, 0], "repeated_site")])
def test_one_site_or_the_same_twice_is_not_pooled(written, take, code):
    with pytest.raises(DataError) as refusal:
        pool([read_aggregates(written[k]) for k in take])
    assert refusal.value.code == code


def test_the_command_prints_the_table_and_json(written, call):
    code, out = call(f"pool {' '.join(map(str, written))}")
    assert (code, "8 sites" in out, "tau2" in out) == (0, True, True)
    code, out = call(f"pool {' '.join(map(str, written))} --json")
    assert [one["sites"] for one in json.loads(out)] == [8, 8]


def of_events(k, first, then):
    """The sums of a site of 100 people of whom so many progress within 24 months, and within 60."""
    person = np.arange(100)
    time = np.select([person < first, person < then], [300, 1500], 4000)
    rows = pd.DataFrame({"patient_id": person.astype(str), "event": np.where(person < then, "event", "none"), "time_to_event": time})
    return aggregates_of(found(k, rows, np.linspace(0.05, 0.4, 200).reshape(100, 2)))


def test_what_is_left_out_is_named_with_the_reason_in_the_file_and_at_the_terminal_and_without_a_count(tmp_path):
    one = of_events(1, 12, 21)
    write_aggregates(one, tmp_path / "north.json")
    read = read_aggregates(tmp_path / "north.json")
    assert read == one
    assert [left.months for left in read.left_out] == [60]
    first, then = handed_out(one, tmp_path / "north.json")
    assert first.endswith("north.json: sums to hand out; horizons in it: 24 m")
    assert then.startswith("  left out of it: 60 m: a count of fewer than 10 could be told from its difference of events")
    assert "21" not in then
    assert "fewer than 10 people have the event" in of_events(1, 9, 30).left_out[0].why


def test_the_pool_says_for_each_horizon_who_is_in_and_who_is_missing_and_why():
    before = replace(of_events(3, 12, 21), left_out=None)
    lines = who_is_in({"north": of_events(1, 12, 30), "south": of_events(2, 12, 21), "old": before})
    assert lines[0] == "24 m: in the pool: north, south, old"
    assert lines[1] == "60 m: in the pool: north"
    assert lines[2].startswith("  missing: south: a count of fewer than 10 could be told")
    assert lines[3] == "  missing: old: its file does not say why"


def test_two_files_of_nearly_the_same_counts_are_told():
    north, again, south = of_events(1, 50, 80), of_events(2, 51, 80), of_events(3, 30, 80)
    (line,) = alike({"north": north, "again": again, "south": south})
    assert line.startswith("north and again: people, visits and events agree to 2% at every horizon of both")


@pytest.mark.parametrize(("free", "given"), [(10, [24]), (9, [])])
def test_a_horizon_by_which_nearly_all_others_are_lost_is_kept_back(free, given):
    lost = 350 - free
    rows = pd.DataFrame(
        {
            "patient_id": [str(k) for k in range(400)],
            "event": ["event"] * 50 + ["none"] * 350,
            "time_to_event": [100.0] * 50 + [400.0] * lost + [800.0] * free,
        }
    )
    assert [one.months for one in aggregates_of(found(1, rows, np.full((400, 2), 0.15))).horizons] == given


def test_a_file_of_another_format_is_refused(sites, tmp_path):
    write_aggregates(replace(aggregates_of(found(0, *sites[0])), format=7), tmp_path / "a.json")
    with pytest.raises(DataError, match=r"is no file of aggregates of this version \(format 1\)"):
        read_aggregates(tmp_path / "a.json")
