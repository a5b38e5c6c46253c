"""One person's lists: what is kept, and what is refused with which words, is what a cohort of one gives for the same rows."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.cohort.schema import EVENT_KINDS, OPERATORS
from features.cohort.times import instant_of
from features.intake.one_person import check_person, suspicions_by
from features.intake.plausibility import describe, suspicions
from features.intake.quality import inspect
from features.sources.received import received
from myeloma import catalogue

TODAY = dt.date(2024, 6, 1)
EPOCH = dt.date(1970, 1, 1)
MEASURED = ("collected_at", "available_at", "biomarker", "value", "unit")
HAPPENED = ("occurred_at", "kind", "detail", "line")


def days(text):
    return (dt.date.fromisoformat(text) - EPOCH).days


def as_cohort(patient, measurements, events):
    """Return cohort and quarantine of the same cells as tables of one person."""
    tables = {
        "patients": pd.DataFrame([patient], dtype=object),
        "measurements": pd.DataFrame(measurements, columns=list(MEASURED), dtype=object),
        "events": pd.DataFrame([(*event, None)[:4] for event in events], columns=list(HAPPENED), dtype=object),
    }
    tables = {name: frame.assign(patient_id="P", source_row=range(len(frame))) for name, frame in tables.items()}
    return inspect(received("test", tables, {name: name for name in tables}), pd.Timestamp(TODAY))


def of_frame(kept):
    """Return the measurements of a cohort in the form of `OnePerson`."""
    place = {name: number for number, name in enumerate(catalogue().keys())}
    return {
        "biomarker": kept["biomarker"].map(place).to_numpy(dtype=np.int16),
        "collected": kept["collected_at"].to_numpy().astype("datetime64[D]").astype(np.int32),
        "available": kept["available_at"].to_numpy().astype("datetime64[D]").astype(np.int32),
        "instant": kept["collected_time"].map(instant_of).to_numpy(dtype=np.int32),
        "value": kept["value"].to_numpy(),
        "operator": kept["operator"].map(["", *OPERATORS].index).to_numpy(dtype=np.int8),
        "divisor": kept["unit_divisor"].to_numpy(),
        "row": kept["source_row"].to_numpy(),
    }


def assert_the_same(patient, measurements, events):
    person = check_person(patient, measurements, events, days(str(TODAY)))
    cohort, quarantine = as_cohort(patient, measurements, events)
    refused = quarantine[["table", "row", "reason", "column", "accepted"]].itertuples(index=False, name=None)
    assert [tuple(problem) for problem in person.problems] == list(refused)
    for name, expected in of_frame(cohort.measurements).items():
        got = getattr(person, name)
        assert got.dtype == expected.dtype or name == "row", name
        np.testing.assert_array_equal(got, expected, err_msg=name)
    assert [("", *EVENT_KINDS)[kind] for kind in person.event] == cohort.events["kind"].tolist()
    assert person.occurred.tolist() == [(day.date() - EPOCH).days for day in cohort.events["occurred_at"]]
    assert person.detail == cohort.events["detail"].tolist()
    lines = cohort.events["line"].fillna(0).tolist() if "line" in cohort.events else [0] * len(cohort.events)
    assert person.line.tolist() == lines
    if person.patient is None:
        assert cohort.patients.empty
    else:
        (row,) = cohort.patients.drop(columns=["patient_id", "source_row"]).to_dict("records")
        for column in ("index_date", "birth_date"):
            row[column] = None if pd.isna(row[column]) else (row[column].date() - EPOCH).days
        np.testing.assert_equal(person.patient, row)


SOME_DAYS = st.sampled_from(["2015-02-01", "2015-02-01", "2016-03-04", "2017-01-01"])
ODD_DAYS = st.sampled_from(
    [
        *("", None, "soon", "NA", "2015-02-30", "03/04/2015", "9999-12-31", "1677-09-21", "1949-12-31", "2024-06-01", "2024-06-02"),
        *("2015-02-01 10:30", "2015-02-01T08:00Z", "2015-02-01 x", " 2015-02-01 ", dt.date(2015, 2, 1), "2015-02-01T10:30+02:00"),
    ]
)
DAYS = SOME_DAYS | SOME_DAYS | ODD_DAYS
UNITS = {"m_protein": ["g/dL", "g/L"], "flc_kappa": ["mg/L", "mg/dL"], "creatinine": ["mg/dL", "umol/L"], "bmpc": ["%"]}
NUMBERS = st.sampled_from([1.5, 15, 15.0, "1.5", "15", "<0.1", "> 3", "<1.5", 1e-3, "1.50"]) | st.floats(0.1, 50) | st.integers(0, 40)
ODD_VALUES = st.sampled_from(
    ["", None, "NA", "high", "1,5", "<0,1", "10-20", "1e999", "1e308", -1.0, float("nan"), float("inf"), 10**400, True, "<", ".5", "5."]
)


@st.composite
def measurement(draw):
    biomarker = draw(st.sampled_from(sorted(UNITS)))
    unit = draw(st.sampled_from(UNITS[biomarker]) | st.sampled_from(["", None, "stones", "mg/dl ", "G/L", "µmol/L"]))
    name = draw(st.sampled_from([biomarker] * 6 + [biomarker.upper(), "m_protien", "", None]))
    collected, available = draw(DAYS), draw(st.none() | DAYS)
    return collected, available, name, draw(NUMBERS | NUMBERS | ODD_VALUES), unit


LINES = st.sampled_from([None, "", 1, "2", 2.0, 3, 0, "second", 1.5, 100])
KINDS = st.sampled_from([*EVENT_KINDS, "Death", "", None, "birth", "relapsed"])
EVENT = st.tuples(DAYS, KINDS, st.sampled_from(["", None, "daratumumab", " x "])) | st.tuples(
    SOME_DAYS, st.sampled_from(["treatment_start", "treatment_start", "treatment_stop"]), st.sampled_from(["", "D", "d"]), LINES
)
PATIENT = st.fixed_dictionaries(
    {"index_date": st.sampled_from(["2015-01-01"] * 6) | DAYS},
    optional={
        "birth_date": st.sampled_from(["1950-01-01", "1950", "", None, "2015-01-02", "1850-01-01", "2030-01-01"]),
        "age_at_index": st.sampled_from([60, 60.5, "61", "", None, "sixty", 121, -1, float("nan"), "1_0"]),
        "sex": st.sampled_from(["female", "Male", "", None]),
        "stage": st.sampled_from(["smm", "MGUS", None]),
        "heavy_chain": st.sampled_from(["IgG", "iga", None]),
        "light_chain": st.sampled_from(["kappa", "NA", None]),
        "fish": st.sampled_from(["t(4;14)|gain(1q)", "normal", "", "NA", None]),
        "site": st.sampled_from(["A", " A B ", None]),
    },
)


@settings(max_examples=100, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(patient=PATIENT, measurements=st.lists(measurement(), max_size=12), events=st.lists(EVENT, max_size=5))
def test_what_is_kept_and_what_is_refused_is_what_a_cohort_of_one_gives(patient, measurements, events):
    assert_the_same(patient, measurements, events)


@pytest.mark.parametrize(("column", "word"), [("sex", "f"), ("stage", "early"), ("fish", "t(4;15)")])
def test_a_word_that_makes_a_cell_of_a_cohort_unknown_refuses_a_single_history(column, word):
    """Whoever asks about one person can correct the word at once; in a cohort it would cost the person."""
    problems = check_person({**WELL, column: word}, [(DAY, None, "bmpc", 12, "%")]).problems
    assert (problems[0].reason, problems[0].column) == ("unknown_category", column)
    cohort, quarantine = as_cohort({**WELL, column: word}, [(DAY, None, "bmpc", 12, "%")], ())
    assert (quarantine.empty, cohort.patients[column].tolist()) == (True, [""])


WELL = {"index_date": "2015-01-01", "birth_date": "1950-01-01", "sex": "female"}
DAY = "2015-02-01"


@pytest.mark.parametrize(
    ("patient", "rows", "problems"),
    [
        ({"index_date": None}, [(DAY, None, "bmpc", 12, "%")], [("missing_value", "index_date"), ("patient_not_in_cohort", "patient_id")]),
        (WELL, [("1949-12-31", None, "bmpc", 12, "%")], [("before_birth", "collected_at")]),
        (WELL, [("2024-06-02", None, "bmpc", 12, "%")], [("future_date", "collected_at")]),
        (WELL, [(DAY, None, "bmpc", "1,5", "%")], [("not_a_number", "value")]),
        (WELL, [(DAY, None, "flc_kappa", 1.5, "")], [("unknown_unit", "unit")]),
        (WELL, [(DAY, None, "m_protien", 1.5, "g/dL")], [("unknown_biomarker", "biomarker")]),
        (WELL, [(DAY, None, "m_protein", 1.5, "g/dL"), (DAY, None, "m_protein", 15, "g/L")], [("duplicate_row", "value")]),
        (WELL, [(DAY, None, "m_protein", 1.5, "g/dL"), (DAY, None, "m_protein", 16, "g/L")], [("conflicting_components", "value")] * 2),
        (WELL, [(DAY, None, "flc_kappa", 1.5, "mg/L"), (DAY, None, "flc_kappa", "<1.5", "mg/L")], [("conflicting_duplicate", "value")]),
        ({**WELL, "birth_date": None, "age_at_index": 130}, [], [("out_of_range", "age_at_index")]),
    ],
)
def test_a_refused_row_names_its_reason_and_column(patient, rows, problems):
    assert [(p.reason, p.column) for p in check_person(patient, rows, (), days(str(TODAY))).problems] == problems
    assert_the_same(patient, rows, [])


@pytest.mark.parametrize(
    ("biomarker", "value", "unit", "said"),
    [
        ("hemoglobin", 13, "g/L", "hemoglobin lies between 30 and 220 g/L (3 and 22 g/dL, "),
        ("hemoglobin", 130, "g/dL", "hemoglobin lies between 3 and 22 g/dL (30 and 220 g/L, "),
        ("creatinine", 0.9, "umol/L", "creatinine lies between 8.84 and 2210.5 umol/L (0.1 and 25 mg/dL)"),
        ("calcium", 9.4, "mmol/L", "calcium lies between 0.998 and 4.99 mmol/L (4 and 20 mg/dL, "),
    ],
)
def test_a_value_out_of_range_is_told_the_limits_in_its_unit_and_in_the_others(biomarker, value, unit, said):
    (problem,) = check_person(WELL, [(DAY, None, biomarker, value, unit)]).problems
    assert problem.reason == "out_of_range" and problem.accepted.startswith(said)


def test_a_result_below_a_limit_of_detection_is_kept_in_the_canonical_unit_with_its_operator():
    kept = check_person(WELL, [(DAY, "2015-02-03", "M_Protein", "<1", "g/L")])
    assert (kept.value.tolist(), kept.operator.tolist(), kept.divisor.tolist()) == ([0.1], [1 + OPERATORS.index("<")], [10.0])
    assert (kept.collected.tolist(), kept.available.tolist()) == ([days(DAY)], [days("2015-02-03")])
    assert not kept.problems


def test_two_results_of_one_day_are_both_kept_in_the_order_of_their_times():
    rows = [(f"{DAY} 18:00", None, "bmpc", 12, "%"), (f"{DAY} 07:00", None, "bmpc", 15, "%")]
    kept = check_person(WELL, rows)
    assert (kept.value.tolist(), kept.row.tolist()) == ([15.0, 12.0], [1, 0])
    assert kept.instant.tolist() == [7 * 3_600_000, 18 * 3_600_000]
    assert_the_same(WELL, rows, [])


def test_a_person_whose_death_has_no_date_is_set_aside_with_all_rows():
    person = check_person(WELL, [(DAY, None, "bmpc", 12, "%")], [(None, "death", "")])
    assert person.patient is None
    assert [(p.table, p.reason) for p in person.problems] == [
        ("patients", "event_refused"),
        ("events", "missing_value"),
        ("measurements", "patient_not_in_cohort"),
    ]


def test_no_frame_is_made(monkeypatch):
    monkeypatch.setattr(pd.core.generic.NDFrame, "__init__", lambda *_, **__: pytest.fail("a frame was made"))
    rows = [(DAY, None, "bmpc", 12, "%"), (DAY, None, "bmpc", 12, "%"), ("x", None, "m_protien", "high", "")]
    assert len(check_person(WELL, rows, [(DAY, "death", ""), ("2015-03-01", "death", "")]).problems) == 3


SUSPECT = [
    *((f"2016-0{month}-01", None, "m_protein", value, "g/dL") for month, value in ((1, 0.5), (2, 0.6), (3, 7.0), (4, 0.7))),
    *((f"2016-0{month}-01", None, "flc_kappa", 10, "mg/L") for month in (1, 2)),
    ("2016-01-01", None, "flc_lambda", 200, "mg/L"),
    ("2016-03-01", None, "kappa_lambda_ratio", 0.01, ""),
]


@pytest.mark.parametrize("chain", ["kappa", "lambda", None])
@pytest.mark.parametrize("landmark", ["2015-06-01", "2016-01-01", "2016-03-01", "2017-01-01"])
def test_what_is_suspected_of_one_person_is_said_in_the_words_of_a_cohort(chain, landmark):
    patient = WELL | {"light_chain": chain}
    cohort, _ = as_cohort(patient, SUSPECT, [])
    known = cohort.measurements[cohort.measurements["available_at"] <= pd.Timestamp(landmark)]
    expected = describe(suspicions(replace(cohort, measurements=known)))
    assert suspicions_by(check_person(patient, SUSPECT), days(landmark)) == expected
    assert len(expected) == {"2015-06-01": 0, "2016-01-01": chain == "kappa"}.get(landmark, 1 + (chain == "kappa"))


def zeros_told(values, landmark="2017-01-01", events=()):
    rows = [(f"2016-{month:02d}-01", None, "m_protein", value, "g/dL") for month, value in enumerate(values, 1)]
    return [line for line in suspicions_by(check_person(WELL, rows, events), days(landmark)) if line.startswith("suspected_zeros")]


@pytest.mark.parametrize(
    ("values", "zeros"),
    [
        ((1.2, 1.3, 0), 1),
        ((1.2, 0, 1.3), 1),
        ((0, 1.2, 1.3, 0, 1.4), 2),
        ((1.2, 0), 0),
        ((1.2, 1.3, 0, 0), 0),
        ((0, 0), 0),
        ((1.2, 1.3, 0.1), 0),
    ],
)
def test_an_m_protein_of_0_of_a_person_whose_others_are_not_is_suspected_to_stand_for_missing(values, zeros):
    told = zeros_told(values)
    assert len(told) == (zeros > 0)
    assert all(line.startswith(f"suspected_zeros: {zeros} result{'s' * (zeros > 1)} of m_protein, first at row ") for line in told)


def test_a_0_is_suspected_from_the_day_on_which_it_is_known_and_not_under_therapy():
    assert (zeros_told((1.2, 1.3, 0), "2016-02-20"), len(zeros_told((1.2, 1.3, 0), "2016-03-01"))) == ([], 1)
    assert zeros_told((1.2, 1.3, 0), events=[("2016-02-10", "treatment_start", "daratumumab")]) == []


def read(value, unit="%", biomarker="bmpc"):
    """Return operator, value and refusals of a result, which a cohort of one agrees with."""
    assert_the_same({"index_date": "2015-01-01"}, [("2015-02-01", None, biomarker, value, unit)], [])
    person = check_person({"index_date": "2015-01-01"}, [("2015-02-01", None, biomarker, value, unit)])
    return (
        [*zip(("", *OPERATORS)[person.operator[0]], person.value.tolist(), strict=True)] if len(person.value) else person.problems[0].reason
    )


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        *((">60%", "%", [(">", 60.0)]), ("> 60 %", "%", [(">", 60.0)])),
        # At least 60 is more than the number before 60: no number lies between.
        *((text, "%", [(">", np.nextafter(60.0, 0.0))]) for text in (">=60", "≥60", ">=60%", "≥ 60 %")),
        *((text, "%", [("<", np.nextafter(5.0, 6.0))]) for text in ("<=5", "≤5 %")),
        *((text, "%", "not_a_number") for text in (">=0", "<=0", "=>60", "20-30 %", "about 60")),
        ("20 %", "", "not_a_number"),
    ],
)
def test_a_unit_behind_a_result_and_a_limit_that_is_included_are_read(value, unit, expected):
    assert read(value, unit) == expected


def test_a_finding_with_a_limit_that_may_be_reached_is_neither_found_nor_not():
    assert read("<=1e-5", "1", "mrd") == "not_a_number"
    assert read("<1e-5", "1", "mrd") == [("<", 1e-5)]


@pytest.mark.parametrize(("index_date", "kept"), [("1957-02-01", 1), ("1957-01-31", 0)])
def test_a_result_at_which_a_person_would_be_too_old_is_refused(index_date, kept):
    person = check_person({"index_date": index_date, "age_at_index": 62}, [("2015-02-01", None, "bmpc", 15, "%")])
    assert len(person.value) == kept
    assert [problem.reason for problem in person.problems] == ["too_old"] * (1 - kept)


@pytest.mark.parametrize(("age", "day", "kept"), [(62, "1952-01-01", 1), (62, "1951-12-31", 0), ("", "1900-01-01", 1)])
def test_a_result_of_before_every_birth_that_the_age_leaves_is_refused(age, day, kept):
    """Who is 62 on 2015-01-01 may turn 63 on the next day, and no sooner."""
    person = check_person({"index_date": "2015-01-01", "age_at_index": age}, [(day, None, "bmpc", 15, "%")])
    assert len(person.value) == kept
    assert [problem.reason for problem in person.problems] == ["before_birth"] * (1 - kept)


def test_a_treatment_of_before_birth_sets_a_person_aside_by_the_age_too():
    events = [("1951-12-31", "treatment_start", "", None)]
    person = check_person({"index_date": "2015-01-01", "age_at_index": 62}, [("2015-02-01", None, "bmpc", 15, "%")], events)
    assert "before_birth" in [problem.reason for problem in person.problems]
