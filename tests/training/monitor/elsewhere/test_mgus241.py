"""The model of mgus2 on the 241 people of Kyle 1993: it does not rank those whom it has not seen, and seems to expect too little of them.

An audit with code of its own found 31 people of both, and on the other 210 a 20-year AUC of 0.49 (0.40 to 0.58) and observed / expected
1.39 (1.09 to 1.77), of an earlier champion. The intervals here are of another bootstrap.
"""

import pytest

from features.intake.quality import clean
from features.sources import read_mgus2, read_mgus241
from training.estimators import fit_candidate
from training.fitting.fit import _about
from training.monitor.elsewhere.validate import CHAMPION, EVERYBODY, OTHERS, validate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(root, mgus_table, mgus_plan):
    rows = mgus_table.rows
    model = fit_candidate(rows, mgus_table.spec, mgus_plan, "cox", _about(mgus_table, mgus_plan.task, rows)).artifact
    new, old = (clean(read)[0] for read in (read_mgus241(root / "data/mgus241"), read_mgus2(root / "data/mgus2")))
    return validate(new, model, mgus_plan, old)


def figure(found, measure, months=240, people=OTHERS):
    lines = found.figures
    own = lines[(lines["model"] == CHAMPION) & (lines["subset"] == "") & (lines["people"] == people) & (lines["horizon"] == months)]
    return own[own["measure"] == measure].iloc[0]


def test_31_people_are_in_both_and_210_are_left(found):
    assert len(found.overlap.people) == 31
    assert figure(found, "patients")["estimate"] == 210
    assert figure(found, "patients", people=EVERYBODY)["estimate"] == 241


def test_it_does_not_rank_the_others(found):
    auc = figure(found, "auc")
    assert auc["estimate"] == pytest.approx(0.487, abs=0.005)
    assert (auc["lo"], auc["hi"]) == pytest.approx((0.40, 0.57), abs=0.02)
    assert abs(auc["estimate"] - 0.49) < 0.01  # the audit's
    allowed = found.case_mix.set_index(["name", "figure"]).loc[("risk_240m", "expected_auc"), "now"]
    assert auc["hi"] < allowed  # that they are much alike is not the reason


def test_it_seems_to_expect_too_little_of_them(found):
    ratio = figure(found, "oe_ratio")
    assert ratio["estimate"] == pytest.approx(1.33, abs=0.01)
    assert (ratio["lo"], ratio["hi"]) == pytest.approx((0.99, 1.71), abs=0.05)
    assert 1.09 < ratio["estimate"] < 1.77  # the audit's interval


def test_with_the_people_of_training_it_looks_better(found):
    assert figure(found, "auc", people=EVERYBODY)["estimate"] - figure(found, "auc")["estimate"] == pytest.approx(0.036, abs=0.01)


def test_at_five_years_too_few_are_expected_to_say_anything(found):
    why = figure(found, "auc", 60)["why"]
    assert why.startswith("11.3 people are expected to progress within 60 months")


def test_they_have_more_m_protein_and_are_younger_than_those_of_mgus2(found):
    changed = {finding.name for finding in found.findings if finding.kind == "level" and finding.status == "changed"}
    assert {"m_protein", "age"} <= changed
