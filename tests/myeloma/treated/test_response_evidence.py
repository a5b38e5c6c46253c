"""What the category of one visit rests on: value, day, reference, threshold, and what is missing."""

import pytest

from myeloma.errors import DataError
from myeloma.treated.response.assessments import lines
from myeloma.treated.response.course import response_course
from myeloma.treated.response.evidence import evidence
from tests.myeloma.treated.courses import FLC_ONLY, MARROW_ONLY, NEGATIVE, SERUM_3, START, URINE_ONLY, visits_of


def last(rows, days=None, **options):
    visits, therapy = visits_of(rows, days), lines([START])
    return evidence(visits, therapy, response_course(visits, therapy, **options), len(rows) - 1)


def first_item(found):
    item = found.items[0]
    return item.name, item.value, item.unit, item.reference, item.rule


@pytest.mark.parametrize(
    ("rows", "category", "item"),
    [
        ([SERUM_3, {"m_protein": 1.4}], "PR", ("m_protein", 1.4, "g/dL", 3.0, "a fall of >= 50 % from baseline")),
        ([SERUM_3, {"m_protein": 2.9}], "SD", ("m_protein", 2.9, "g/dL", 3.0, "no fall that counts")),
        (
            [URINE_ONLY, {"urine_m_protein": 150.0}],
            "PR",
            ("urine_m_protein", 150.0, "mg/24 h", 1000.0, "< 200 mg/24 h or a fall of >= 90 % from baseline"),
        ),
        (
            [FLC_ONLY, {"flc_involved": 505.0, "flc_uninvolved": 10.0}],
            "PR",
            ("flc_difference", 495.0, "mg/L", 990.0, "a fall of >= 50 % from baseline"),
        ),
        ([MARROW_ONLY | {"bmpc": 60.0}, {"bmpc": 25.0}], "PR", ("bmpc", 25.0, "%", 60.0, "a fall of >= 50 % from baseline")),
        ([SERUM_3, {"m_protein": 4.0}], "PD", ("m_protein", 4.0, "g/dL", 3.0, ">= 0.5 g/dL and >= 25 % above the nadir")),
        ([{"m_protein": 5.0}, {"m_protein": 6.0}], "PD", ("m_protein", 6.0, "g/dL", 5.0, ">= 1 g/dL above a nadir of >= 5 g/dL")),
        ([SERUM_3, {"new_lesion": 1.0}], "PD", ("new_lesion", 1.0, "", None, "a new or grown lesion")),
    ],
)
def test_a_category_names_the_value_the_reference_and_the_threshold(rows, category, item):
    found = last(rows)
    assert found.category == category
    assert first_item(found) == item
    assert found.items[0].day == START + 28
    assert found.version == "imwg2016"


def test_what_cr_asks_for_is_listed_measured_or_missing_with_the_day_of_the_marrow():
    found = last([SERUM_3, SERUM_3 | {"bmpc": 3.0}, {"m_protein": 0.0, "urine_m_protein": 0.0, **NEGATIVE}])
    assert (found.category, found.known, found.path) == ("CR", "SD", "serum")
    items = {item.name: item for item in found.items}
    assert (items["bmpc"].value, items["bmpc"].day) == (3.0, START + 28)
    assert items["serum_immunofixation"].value == 0.0
    assert items["flc_ratio_normal"].value is None
    assert items["clonal_cells_absent"].day is None


def test_a_marrow_of_before_the_first_dose_is_no_evidence_and_what_is_missing_is_named():
    found = last([SERUM_3 | {"bmpc": 3.0}, {"m_protein": 0.0, "urine_m_protein": 0.0, **NEGATIVE}])
    assert (found.category, found.best) == ("VGPR", "sCR")
    assert {item.name: item.value for item in found.items}["bmpc"] is None
    assert "marrow not known: CR unconfirmed" in found.notes


def test_a_value_below_a_limit_says_so_and_rows_of_the_day_are_read_together():
    found = last([SERUM_3, {"m_protein": 0.1, "m_protein_below": 1.0}, {"urine_m_protein": 0.0}], [START, START + 28, START + 28])
    assert (found.category, found.items[0].value, found.items[0].below) == ("VGPR", 0.1, True)
    assert found.items[1].value == 0.0


def test_without_a_category_there_are_only_reasons():
    found = last([{"hemoglobin": 11.0}, {"m_protein": 1.0}])
    assert (found.category, found.path, found.items) == ("NE", "unknown", ())
    assert "what was measurable before the first dose is not known" in found.notes


def test_a_row_that_is_not_there_is_refused():
    visits, therapy = visits_of([SERUM_3]), lines([START])
    with pytest.raises(DataError, match="no visit in row 1"):
        evidence(visits, therapy, response_course(visits, therapy), 1)
