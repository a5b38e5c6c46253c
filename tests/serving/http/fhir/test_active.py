"""A precursor that is over has no risk; of myeloma a remission is what treatment is given for."""

import pandas as pd
import pytest

from features.sources.fhir.bundles import Found
from features.sources.histories import Histories
from serving.http.fhir.active import no_longer_active
from tests.serving.http.fhir.bundles import coded, condition


def told(stage, *statuses, also=()):
    """Return the reasons and places of what is told of diagnoses with these statuses."""
    found = [Found("", row, condition(clinicalStatus=coded("x", status))) for row, status in enumerate(statuses, start=1)]
    rows = [*(("index", one.row) for one in found), *((kind, 1) for kind in also)]
    tables = Histories("fhir", pd.DataFrame(), pd.DataFrame(rows, columns=["kind", "source_row"]), pd.DataFrame(), {})
    return [(one.code, one.where) for one in no_longer_active(tables, found, [f"entry {n}" for n in range(len(found))], stage)]


@pytest.mark.parametrize("stage", ["mgus", "smm"])
def test_a_precursor_whose_every_record_is_over_is_told_with_its_place(stage):
    assert told(stage, "resolved", "inactive") == [("diagnosis_not_active", "entry 0")]
    assert told(stage, "resolved", "active") == []


@pytest.mark.parametrize("status", ["bogus", "Inactive", "55561003"])
def test_a_status_that_fhir_does_not_have_is_not_taken_for_an_active_one(status):
    assert told("smm", status) == [("diagnosis_not_active", "entry 0")]


@pytest.mark.parametrize("status", ["active", "Active", "recurrence", "relapse"])
def test_a_status_of_a_disease_that_is_there_is_one(status):
    assert told("mgus", status) == []


def test_myeloma_in_remission_is_myeloma():
    assert told("mm", "remission") == []


@pytest.mark.parametrize("kind", ["progression", "treatment_start", "death"])
def test_what_ended_it_is_told_elsewhere(kind):
    assert told("smm", "resolved", also=[kind]) == []
    assert told("smm", "resolved", also=["last_contact"]) != []
