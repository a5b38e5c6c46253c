"""How often a clinic of forty people a month alarms: when nothing has changed, and when something has, with stated sizes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features import build_table
from features.intake.quality import clean
from features.simulation.smm import simulate
from training.monitor.drift import checks_of_inputs, checks_of_risks
from training.monitor.findings import FALSE_ALARMS, with_status
from training.monitor.outcome import Bounds, check_of_outcomes, events_needed
from training.monitor.suspected_units import suspected_units
from training.reference import by_time, reference_ranges
from training.reference.by_time import reference_of_bands
from training.reference.columns import level_column, watched_columns

PEOPLE = 40


@pytest.fixture(scope="module")
def clinic(smm_table):
    """The visits of a clinic, what a champion would remember of them, and a risk that rises with the M-protein."""
    rows, spec = smm_table.rows, smm_table.spec
    x = rows[spec.columns()].to_numpy(dtype=float)
    about = {
        "reference": reference_ranges(x, spec.columns()),
        "reference_by_time": reference_of_bands(rows, watched(rows, spec)),
        "trained_on": {"patients": rows["patient_id"].nunique()},
    }
    return SimpleNamespace(rows=rows, spec=spec, about=about)


def watched(rows, spec):
    columns = {name for names in watched_columns(spec).values() for name in names if name}
    return {name: rows[name].to_numpy(dtype=float) for name in sorted(columns)} | {"risk_24m": risk_of(rows)}


def risk_of(rows):
    return 1 / (1 + np.exp(3 - 0.6 * rows["m_protein__last__ever"].fillna(2).to_numpy()))


def month(clinic, rng, weight=None, people=PEOPLE):
    """Forty people at one visit each, drawn by visits, as a month draws them."""
    chance = None if weight is None else weight / weight.sum()
    drawn = clinic.rows.iloc[rng.choice(len(clinic.rows), 5 * people, replace=False, p=chance)]
    return drawn.drop_duplicates("patient_id").head(people).reset_index(drop=True)


def found(clinic, rows):
    """What is called changed in these visits: kind and name."""
    suspected = suspected_units(rows, clinic.spec, clinic.about, level_column)
    risks = checks_of_risks(rows, risk_of(rows)[:, None], (24,), clinic.about)
    changed = with_status([*checks_of_inputs(rows, clinic.spec, clinic.about, suspected), *risks])
    return {("unit", one.biomarker, one.site, one.factor) for one in suspected} | {
        (finding.kind, finding.name) for finding in changed if finding.status == "changed"
    }


def share_of_months(months, true):
    return sum(map(true, months)) / len(months)


def test_of_200_months_in_which_nothing_changed_no_more_alarm_than_stated(clinic):
    rng = np.random.default_rng(1)
    alarms = [found(clinic, month(clinic, rng)) for _ in range(200)]
    assert share_of_months(alarms, bool) <= FALSE_ALARMS  # Holm's bound is a ceiling


def test_people_of_today_who_are_later_in_their_disease_than_training_was_are_no_alarm(clinic, smm_task, monkeypatch):
    """Two years after the last diagnosis, other people of the same kind: no more alarms; many, were all of training one time."""
    rows = build_table(clean(simulate(600, seed=8))[0], smm_task).rows
    today = rows[rows["landmark"] >= "2024-04-01"].drop_duplicates("patient_id", keep="last")

    def alarms():
        rng = np.random.default_rng(9)
        drawn = [today.sample(int(rng.integers(40, 61)), random_state=rng).reset_index(drop=True) for _ in range(40)]
        return share_of_months([found(clinic, some) - {("level", "months_since_index")} for some in drawn], bool)

    assert alarms() <= FALSE_ALARMS
    monkeypatch.setattr(by_time, "MONTHS", (0.0,))
    monkeypatch.setitem(clinic.about, "reference_by_time", reference_of_bands(clinic.rows, watched(clinic.rows, clinic.spec)))
    assert alarms() >= 0.2


def test_the_correction_is_needed_and_each_check_is_honest(clinic):
    """Without it, a month of this many checks alarms often; each by itself does in at most one month of twenty."""
    rng = np.random.default_rng(2)
    p = []
    for _ in range(300):  # of a hundred, chance alone moves the share by a tenth
        rows = month(clinic, rng)
        p.append([f.p for f in checks_of_inputs(rows, clinic.spec, clinic.about, []) if f.p is not None and f.kind != "missing"])
    low = np.array(p) < 0.05
    assert 0.02 < low.mean() < 0.06
    assert low.any(axis=1).mean() > 0.2


def test_light_chains_that_half_of_the_people_no_longer_have_are_missed_by_few_months(clinic):
    rng = np.random.default_rng(3)

    def without(rows):
        chains = [name for name in clinic.spec.columns() if name.startswith("flc_ratio")]
        rows.loc[rng.random(len(rows)) < 0.5, chains] = np.nan
        return rows

    months = [found(clinic, without(month(clinic, rng))) for _ in range(30)]
    assert share_of_months(months, lambda alarms: ("missing", "flc_ratio") in alarms) >= 0.95


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_another_unit_at_one_site_is_found_there_and_is_not_called_case_mix(clinic, factor):
    rng = np.random.default_rng(4)

    def changed(rows):
        rows.loc[rows["site"] == "north", [n for n in clinic.spec.columns() if n.startswith("m_protein__last")]] *= factor
        return rows

    months = [found(clinic, changed(month(clinic, rng))) for _ in range(30)]  # some fourteen people at that site
    assert share_of_months(months, lambda alarms: ("unit", "m_protein", "north", factor) in alarms) >= 0.9
    assert share_of_months(months, lambda alarms: ("level", "m_protein") in alarms) <= 0.1


def test_sicker_people_are_found_and_are_not_called_another_unit(clinic):
    """Visits in the upper half of the risk ten times as likely: a new risk exceeds one of training with probability 0.69."""
    rng = np.random.default_rng(5)
    risk = risk_of(clinic.rows)
    weight = np.where(risk > np.median(risk), 10.0, 1.0)
    months = [found(clinic, month(clinic, rng, weight)) for _ in range(200)]  # of forty, chance alone moves the share by 0.06
    assert share_of_months(months, lambda alarms: ("risk", "risk_24m") in alarms) >= 0.8
    assert share_of_months(months, lambda alarms: any(alarm[0] == "unit" for alarm in alarms)) <= 0.05


def clinic_with_outcomes(rng, people, wrong_by):
    """People with risks near 15 % in 24 months, of whom `wrong_by` times as many progress; one in five is lost at some time."""
    risk = rng.beta(3, 17, people)
    progresses = rng.random(people) < wrong_by * risk
    time = np.where(progresses, rng.uniform(1, 730, people), 2000.0)
    lost = np.where(rng.random(people) < 0.2, rng.uniform(1, 730, people), 3000.0)
    event = np.where(progresses & (time <= lost), "event", "none")
    rows = pd.DataFrame({"patient_id": [f"p{k}" for k in range(people)], "event": event, "time_to_event": np.minimum(time, lost)})
    return rows, risk


def wrong(rng, people, wrong_by):
    """Whether one horizon, checked alone, is called wrong."""
    return with_status([check_of_outcomes(*clinic_with_outcomes(rng, people, wrong_by), 24, Bounds(0.8, 1.25), 1)])[0].status == "changed"


def test_risks_too_low_by_half_are_found_with_the_stated_number_of_events():
    rng = np.random.default_rng(6)
    people = round(events_needed(1) / (0.15 * 1.5 * 0.9))  # of those lost, half would have been seen to progress
    assert sum(wrong(rng, people, 1.5) for _ in range(60)) / 60 >= 0.7


def test_risks_that_are_right_are_seldom_called_wrong():
    rng = np.random.default_rng(7)
    assert sum(wrong(rng, 250, 1.0) for _ in range(200)) / 200 <= 2 * FALSE_ALARMS
