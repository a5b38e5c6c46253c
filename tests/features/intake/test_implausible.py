"""What cannot be right of a site as a whole is said; what is right of most of its results is not."""

import pandas as pd
import pytest

from features.intake.implausible import describe_seen, late_events, refused_after_kept, seen_in, unfollowed, unknown_regimens
from features.intake.quality import check, check_block
from features.sources.received import received

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
    rows = [(f"A{n}", "bmpc", 0.2) for n in range(5)] + [(f"B{n}", "bmpc", 15.0 + n / 10) for n in range(500)]
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


def one_number(people, results=3, site=lambda who: "A", value=1.0, biomarker="creatinine"):
    rows = [(f"{n:03d}", biomarker, value) for n in range(people) for _ in range(results)]
    return kept(*rows), {who: site(who) for who, _, _ in rows}


def test_a_biomarker_that_is_one_number_throughout_is_told():
    frame, sites = one_number(20)
    (line,) = said(frame, sites=sites)
    assert line.startswith("constant_results: all 60 results of creatinine at site A, of 20 people, are 1; was it filled in")
    frame, sites = one_number(20, site=lambda who: "A" if who < "010" else "B")
    assert [line.split(";")[0] for line in said(frame, sites=sites)] == [
        "constant_results: all 60 results of creatinine, of 20 people, are 1"
    ]


def test_fewer_results_or_people_another_number_a_limit_or_a_finding_is_none():
    for people, results in ((19, 3), (20, 2)):
        assert said(*((one := one_number(people, results))[0],), sites=one[1]) == []
    frame, sites = one_number(20)
    assert said(frame.assign(value=[1.1, *frame["value"][1:]]), sites=sites) == []
    assert said(frame.assign(operator="<"), sites=sites) == []
    assert said(*((one := one_number(20, value=0.0, biomarker="pet_ct"))[0],), sites=one[1]) == []


def test_one_site_of_one_number_is_told_beside_another_that_is_right():
    frame, sites = one_number(40, site=lambda who: "A" if who < "020" else "B")
    frame["value"] = [1.0 if who < "020" else 1.0 + n / 100 for n, who in enumerate(frame["patient_id"])]
    (line,) = said(frame, sites=sites)
    assert line.startswith("constant_results: all 60 results of creatinine at site A")


@pytest.mark.parametrize(("day", "told"), [("2020-08-01", 0), ("2020-08-02", 1)])
def test_an_end_more_than_a_year_after_the_last_contact_is_told(day, told):
    rows = [("P", "2019-08-02", "last_contact"), ("P", day, "progression"), ("Q", "2019-08-02", "last_contact"), ("R", day, "death")]
    events = pd.DataFrame(rows, columns=["patient_id", "occurred_at", "kind"]).assign(
        occurred_at=lambda f: pd.to_datetime(f["occurred_at"])
    )
    assert [line[:30] for line in late_events(events)] == ["event_after_contact: 1 people "] * told


@pytest.mark.parametrize(
    ("details", "told"),
    [(["D-Kd", "VCd", None, "", " "], []), (["D-Kd", "XYZ-7", "XYZ-7"], ["unknown_regimen: 2 starts of treatment of 2 people"])],
)
def test_regimens_that_are_not_known_are_counted_and_their_texts_are_not_told(details, told):
    rows = [(f"P{k}", "treatment_start", detail) for k, detail in enumerate(details)] + [("Q", "progression", "clinical")]
    lines = unknown_regimens(pd.DataFrame(rows, columns=["patient_id", "kind", "detail"]))
    assert [line.split(" name ")[0] for line in lines] == told
    assert not any("XYZ" in line for line in lines)


def test_a_refused_result_that_is_later_than_those_kept_is_told_where_it_may_settle_a_criterion():
    rows = [("P", "2015-02-01", "bmpc", "15"), ("P", "2016-02-01", "bmpc", "about 60"), ("Q", "2016-02-01", "bmpc", "70-80")]
    rows += [("R", "2015-02-01", "bmpc", "about 60"), ("R", "2016-02-01", "bmpc", "15"), ("S", "2016-02-01", "m_protein", "much")]
    frames = {
        "patients": pd.DataFrame({"patient_id": list("PQRS"), "index_date": "2015-01-01"}),
        "measurements": pd.DataFrame(rows, columns=["patient_id", "collected_at", "biomarker", "value"]).assign(unit="%"),
        "events": pd.DataFrame(columns=["patient_id", "occurred_at", "kind"]),
    }
    tables = {name: frame.assign(source_row=range(len(frame))) for name, frame in frames.items()}
    source = received("test", tables, dict.fromkeys(tables, ""))
    block = check_block(source.tables["measurements"], "", check(source))
    (line,) = describe_seen(refused_after_kept(block.inspection, block.kept), CALLED)
    assert line.startswith("refused_after_kept: of 2 people the latest result of bmpc was refused")
