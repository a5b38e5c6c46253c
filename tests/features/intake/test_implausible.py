"""What cannot be right of a site as a whole is said; what is right of most of its results is not."""

import pandas as pd
import pytest

from features.intake.implausible import describe_seen, seen_in, unfollowed

CALLED = {"A": "A", "B": "B", "unknown": "unknown"}


def kept(*rows):
    """Return results of (patient, biomarker, value), a month apart."""
    frame = pd.DataFrame(rows, columns=["patient_id", "biomarker", "value"])
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(30 * frame.groupby("patient_id").cumcount(), unit="D")
    return frame.assign(collected_at=days, unit_divisor=1.0)


def said(frame, contacts=(), sites=None):
    contact = pd.Series({who: pd.Timestamp(day) for who, day in contacts}, dtype="datetime64[ns]")
    people = sites or dict.fromkeys(frame["patient_id"], "A")
    return describe_seen(seen_in(frame, people, contact), CALLED)


@pytest.mark.parametrize(
    ("biomarker", "values", "code"),
    [
        ("bmpc", [0.12, 0.3, 0.2, 0.15, 0.4], "suspected_fraction: 5 of 5 results of bmpc at site A"),
        ("m_protein", [0.15, 0.2, 0.12, 0.18, 0.25], "suspected_site_unit: 5 of 5 results of m_protein at site A lie below 0.3 g/dL"),
        ("flc_kappa", [999.0] * 5 + [20.0] * 5, "suspected_missing_code: 5 of 10 results of flc_kappa at site A are exactly 999"),
    ],
)
def test_a_whole_site_that_cannot_be_right_is_told(biomarker, values, code):
    (line,) = said(kept(*(("P", biomarker, value) for value in values)))
    assert line.startswith(code)


def test_four_such_results_are_slips_and_a_tenth_of_right_ones_makes_a_site_right():
    assert said(kept(*(("P", "bmpc", 0.2) for _ in range(4)))) == []
    assert said(kept(*(("P", "bmpc", 0.2) for _ in range(5)), ("P", "bmpc", 12.0))) == []


def test_marrows_in_remission_are_no_fractions():
    assert said(kept(*(("P", "bmpc", 1.0) for _ in range(5)))) == []


def test_zeros_between_results_that_are_not_are_told_and_a_protein_that_is_gone_is_not():
    between = [(f"P{n}", "m_protein", value) for n in range(5) for value in (1.5, 0.0, 1.6)]
    (line,) = said(kept(*between))
    assert line.startswith("suspected_zeros: 5 of 15 results of m_protein")
    gone = [(f"P{n}", "m_protein", value) for n in range(5) for value in (0.2, 0.0, 0.0)]
    assert "suspected_zeros" not in " ".join(said(kept(*gone)))


def test_each_site_is_looked_at_by_itself():
    rows = [(f"A{n}", "bmpc", 0.2) for n in range(5)] + [(f"B{n}", "bmpc", 15.0) for n in range(500)]
    sites = {who: who[0] for who, _, _ in rows}
    assert [line.split(" are ")[0] for line in said(kept(*rows), sites=sites)] == ["suspected_fraction: 5 of 5 results of bmpc at site A"]


def test_results_after_the_last_contact_are_told_of_people():
    rows = [(f"P{n}", "flc_kappa", 20.0 + month) for n in range(6) for month in range(3)]
    contacts = [(f"P{n}", "2015-02-01") for n in range(5)] + [("P5", "2016-01-01")]
    (line,) = said(kept(*rows), contacts)
    assert line.startswith("contact_before_results: 5 people at site A")


@pytest.mark.parametrize(("contacts", "told"), [(0, "nobody of 8"), (1, ""), (8, "")])
def test_a_cohort_in_which_nobody_has_a_last_contact_is_told(contacts, told):
    patients = pd.DataFrame({"patient_id": [f"P{n}" for n in range(10)]})
    ends = [("P8", "progression"), ("P9", "death"), *((f"P{n}", "last_contact") for n in range(contacts))]
    lines = unfollowed(patients, pd.DataFrame(ends, columns=["patient_id", "kind"]))
    assert told in " ".join(lines) if told else lines == []
