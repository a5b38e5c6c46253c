"""What an answer shows of a biomarker is the latest value that the model reads, its day and its age: no other could have moved the risk."""

import numpy as np
import pytest

from serving.answer.person import answer_history
from serving.batch import score_histories
from tests.serving.answer.treated import artifact_of, day, histories_of

LANDMARK = "2020-12-01"
SINCE = "since the start of the line of therapy"


def told(artifact, results):
    """Return the answer, and the row of the score file, which has to say the same of each value."""
    histories, landmark = histories_of(results), day(LANDMARK)
    answer = answer_history(artifact, histories, landmark, today=landmark)
    row = score_histories(artifact, histories, np.array(["A"]), (np.zeros(1, np.int32), np.array([landmark], np.int32)), landmark)
    for one in answer.risks[0].contributions:
        if one.biomarker in artifact.spec.biomarkers:
            known = [row[f"{one.biomarker}__{name}"][0] for name in ("value", "age_days")]
            assert [None if np.isnan(value) else value for value in known] == [one.value, one.age_days]
            assert (row[f"{one.biomarker}__reported"][0], row[f"{one.biomarker}__collected_on"].isna()[0]) == (
                one.reported,
                one.value is None,
            )
    return answer, row


def value_of(answer):
    return {one.biomarker: (one.value, one.reported, one.collected_on) for one in answer.risks[0].contributions}["creatinine"]


@pytest.mark.parametrize(
    ("drawn", "value"),
    [("2020-01-31", None), ("2020-02-01", None), ("2020-02-02", 5.0)],  # what is drawn on the day of the first dose is of before it
)
def test_a_value_of_before_the_line_is_missing_to_a_model_of_the_line(drawn, value):
    answer, _ = told(artifact_of("since_line"), f"creatinine 5.0 {drawn}\nm_protein 1.0 2020-11-01")
    assert value_of(answer)[0] == value
    missing = f"missing: Creatinine (no result {SINCE})"
    assert (missing in answer.warnings) == (value is None)
    assert not any(one.startswith("stale") for one in answer.warnings if value is None)
    sentences = [one.text for one in answer.risks[0].sentences if one.biomarker == "creatinine"]
    if value is None:
        assert sentences == [f"No result of Creatinine {SINCE} is known: for this model that raises the risk within 1 year."]
        assert answer.as_of.last_result_on is None
        assert f"no result of the model's biomarkers {SINCE} is known by then" in answer.warnings
    else:
        assert sentences[0].startswith("Creatinine was 5 mg/dL on 2 Feb 2020")


def test_the_change_is_from_the_value_before_that_the_model_reads():
    of_line = told(artifact_of("since_line"), "creatinine 5.0 2020-01-10\ncreatinine 1.0 2020-06-01")[0]
    of_all = told(artifact_of("ever"), "creatinine 5.0 2020-01-10\ncreatinine 1.0 2020-06-01")[0]
    changes = [{one.biomarker: one.change for one in answer.risks[0].contributions}["creatinine"] for answer in (of_line, of_all)]
    assert changes == [None, -4.0]


@pytest.mark.parametrize(
    ("look_backs", "known", "value"),
    [
        (("300d",), "2020-02-06", 1.2),  # 299 days before the landmark
        (("300d",), "2020-02-04", None),
        (("30d", "300d"), "2020-02-06", 1.2),
        (("30d", "ever"), "2018-02-01", 1.2),
        (("30d", "since_line"), "2020-03-01", 1.2),
        (("30d", "since_line"), "2020-01-01", None),
        (("baseline", "since_line"), "2020-01-01", 1.2),
        (("since_nadir", "since_line"), "2020-03-01", 1.2),
    ],
)
def test_the_widest_window_of_a_task_says_which_value_is_the_latest(look_backs, known, value):
    answer, _ = told(artifact_of(*look_backs), f"creatinine 1.2 {known}")
    assert value_of(answer) == ((value, "", known) if value else (None, "", None))
    assert any(one.startswith("missing: Creatinine") for one in answer.warnings) == (value is None)


def test_a_model_that_reads_all_history_says_no_more_than_that_a_value_is_missing():
    answer, _ = told(artifact_of("ever"), "m_protein 1.0 2020-11-01")
    assert "missing: Creatinine" in answer.warnings
    assert "No result of Creatinine is known: for this model that raises the risk within 1 year." in [
        one.text for one in answer.risks[0].sentences
    ]


def test_a_value_has_the_limit_that_it_was_reported_with_also_where_it_is_not_the_latest_drawn():
    late = "creatinine <0.5 2020-03-01 2020-11-20\ncreatinine 0.9 2020-04-01 2020-04-01"  # the first came after 30 days ago
    assert value_of(told(artifact_of("30d"), late)[0]) == (0.5, "<", "2020-03-01")
    assert value_of(told(artifact_of("30d", "since_line"), late)[0]) == (0.9, "", "2020-04-01")
    before = "creatinine <0.5 2020-01-10"
    assert value_of(told(artifact_of("since_line"), before)[0]) == (None, "", None)


@pytest.mark.parametrize(("value", "outside"), [(0.4, True), (0.5, False), (2.0, False), (2.1, True)])
def test_a_value_is_judged_by_those_that_the_same_window_had_in_training(value, outside):
    reference = {"creatinine__last__since_line": {"p01": 0.5, "p99": 2.0}}
    artifact = artifact_of("since_line", reference=reference)
    answer, row = told(artifact, f"creatinine {value} 2020-06-01")
    assert any(one.startswith("out of training range: Creatinine") for one in answer.warnings) == outside
    assert ("out_of_range" in row["warnings"][0]) == outside
    answer, row = told(artifact, f"creatinine {value} 2020-01-10")
    assert not any(one.startswith("out of training") for one in answer.warnings)
    assert row["warnings"][0] == ""
