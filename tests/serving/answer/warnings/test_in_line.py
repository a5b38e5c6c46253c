"""Of treated disease an answer warns of what results since the line began say against its risk, and a score file by the same codes."""

import numpy as np
import pytest

from serving.answer.person import answer_history
from serving.batch import score_histories
from tests.serving.answer.treated import artifact_of, day, histories_of

LANDMARK = "2020-12-01"
REVIEW = "Clinician review: where the plasma cell disorder causes it, this risk does not hold"
WORDS = {"criterion_met": "a criterion for active myeloma is met", "positive_finding": "positive: "}


def told(results, landmark=LANDMARK, **line):
    """Return the warnings of both kinds; the score file has to hold their codes."""
    artifact, histories, when = artifact_of("since_line", **line), histories_of(f"creatinine 1.0 2020-11-01\n{results}"), day(landmark)
    warnings = answer_history(artifact, histories, when, today=when).warnings
    row = score_histories(artifact, histories, np.array(["A"]), (np.zeros(1, np.int32), np.array([when], np.int32)), when)
    codes = {code for code in row["warnings"][0].split("|") if code in WORDS}
    found = [one for one in warnings if one.startswith(tuple(WORDS.values()))]
    assert codes == {code for code, words in WORDS.items() if any(one.startswith(words) for one in found)}
    return found


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ("calcium 12.0 2020-11-01", ": 12 mg/dL of 2020-11-01"),
        ("calcium 11.0 2020-11-01", ""),
        ("hemoglobin 9.9 2020-11-01", "9.9 g/dL of 2020-11-01"),
        ("hemoglobin 12.5 2020-11-01", ""),
        ("creatinine 2.5 2020-11-15", "2.5 mg/dL of 2020-11-15"),
        ("bmpc 60 2020-11-01", "60 % of 2020-11-01"),
        ("bmpc 59 2020-11-01", ""),
        ("calcium 12.0 2020-02-01", ""),  # on the day of the first dose: that is what is treated
        ("calcium 12.0 2020-02-02", "12 mg/dL of 2020-02-02"),
        ("bmpc 70 2020-01-20", ""),
        ("hemoglobin 8.5 2020-03-01\nhemoglobin 13.0 2020-11-01", ""),  # the latest counts
        ("calcium <12.0 2020-11-01", ""),
    ],
)
def test_a_criterion_that_results_of_the_line_meet_is_warned_of_with_value_and_day(results, said):
    found = told(results)
    assert len(found) == bool(said)
    assert all(said in one and one.endswith(REVIEW) for one in found)


def test_only_the_criteria_that_the_line_meets_are_named():
    (found,) = told("bmpc 70 2020-01-20\ncalcium 12.0 2020-11-01")
    assert "12 mg/dL" in found
    assert "70 %" not in found
    assert "by results since the start of the line of therapy" in found


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ("pet_ct 0 2020-06-01\npet_ct 1 2020-11-01", ", on 2020-11-01: a new bone lesion is a clinical relapse"),
        ("pet_ct 1 2020-06-01\npet_ct 0 2020-11-01", ""),  # has turned negative on therapy
        ("pet_ct 1 2020-01-20", ""),  # of before the line
        ("pet_ct 1 2020-02-01", ""),
        ("pet_ct 1 2020-02-02", ", on 2020-02-02: a new bone lesion"),
        ("pet_ct 1 2020-11-20 2020-12-02", ""),  # was not known yet
    ],
)
def test_a_positive_picture_that_is_the_latest_of_the_line_is_warned_of(results, said):
    found = told(results)
    assert [said in one for one in found] == ([True] if said else [])


def test_a_plasmacytoma_of_the_line_is_warned_of_also_where_its_progression_does_not_count():
    (found,) = told("plasmacytoma 0 2020-01-20\nplasmacytoma 1 2020-11-01", progression="recorded")
    assert found.startswith("positive: ")
    assert "a new plasmacytoma is a clinical relapse" in found


def test_a_second_line_is_judged_by_its_own_results():
    artifact, when = artifact_of("since_line", number=2), day(LANDMARK)
    histories = histories_of(
        "calcium 12.0 2020-05-01\npet_ct 1 2020-05-01\nhemoglobin 8.0 2020-08-01", ("2020-07-01", "treatment_start", 2)
    )
    warnings = answer_history(artifact, histories, when, today=when).warnings
    (found,) = (one for one in warnings if one.startswith(tuple(WORDS.values())))
    assert "8 g/dL" in found
    assert "calcium" not in found
