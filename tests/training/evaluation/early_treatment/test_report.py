"""The report on early treatment: who is judged by what, and what is said beside the figures."""

import json

import numpy as np
import pytest

from features import read_cohort, read_table
from features.intake.quality import clean
from features.simulation.smm import simulate
from features.table.score_inputs import score_inputs_of
from myeloma import ConfigError, DataError
from myeloma.scores import POINT_SCORES
from training.evaluation.early_treatment.report import SIMULATED, Asked, as_frame, report
from training.evaluation.early_treatment.strategies import AQUILA, EVERYBODY, MAYO, rules

ASKED = Asked(60, 0.0, (0.05,))


def test_rules_treat_those_who_are_known_to_qualify():
    cohort, _ = clean(simulate(120, seed=3))
    first = cohort.measurements.groupby("patient_id")["available_at"].min().reset_index(name="landmark").assign(age_days=0)
    found, high = rules(cohort, first)
    by_name = {one.name: one for one in found}
    mayo, inputs = POINT_SCORES["mayo_2018"], score_inputs_of(cohort, first)
    possible = [mayo.evaluate(**{name: row[name] for name in mayo.inputs}).possible for row in inputs.to_dict("records")]
    assert by_name[EVERYBODY].treats.all()
    assert by_name[MAYO].treats.tolist() == [one == ("high",) for one in possible]
    assert by_name[MAYO].unknown == sum("high" in one and len(one) > 1 for one in possible) > 0
    assert set(np.unique(high[~np.isnan(high)])) == {0.0, 1.0}
    assert 0 < by_name[AQUILA].treats.sum() < 120
    assert by_name[AQUILA].unknown > 0, "nobody's immunoglobulins are known"


def test_who_was_diagnosed_more_than_five_years_ago_on_the_day_judged_is_not_eligible():
    cohort, _ = clean(simulate(60, seed=3))
    first = cohort.measurements.groupby("patient_id")["available_at"].min().reset_index(name="landmark")
    late = first.assign(age_days=round(5.5 * 365.25))
    eligible = {one.name: one for one in rules(cohort, late)[0]}[AQUILA]
    assert not eligible.treats.any()


@pytest.mark.parametrize(
    ("task", "asked", "error", "message"),
    [
        ("mgus", ASKED, ConfigError, "not known for the people of mgus"),
        ("relapse", ASKED, ConfigError, "not known for the people of relapse"),
        ("smm", Asked(120, 0.0, (0.05,)), DataError, "No benefit is computed at 120 months"),
        ("smm", Asked(36, 0.0, (0.05,)), ConfigError, "has no horizon of 36 months"),
    ],
)
def test_what_the_trial_says_nothing_of_is_refused(task, asked, error, message):
    from training.plan import load_plan

    with pytest.raises(error, match=message):
        report(load_plan(task), "ensemble", asked, None, None, None)


@pytest.mark.slow
def test_the_report_of_a_fit_says_that_its_people_are_simulated(trained, small_smm_plan):
    table, cohort = read_table(trained.folder / "table.parquet"), read_cohort(trained.folder / "cohort")
    found = report(small_smm_plan, "cox", ASKED, trained.folder / "fit", table, cohort)
    assert found.simulated
    assert found.notes[0] == SIMULATED
    assert [line.strategy for line in found.lines] == [EVERYBODY, MAYO, AQUILA, "by cox"]
    assert as_frame(found)[["strategy", "prevented", "prevented_lo", "prevented_hi"]].shape == (4, 4)
    assert "prolong" not in json.dumps(found.notes)
