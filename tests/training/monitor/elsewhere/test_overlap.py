"""Who is likely in both cohorts: by identifier where nothing contradicts it, by what is recorded whatever the identifier."""

import pandas as pd
import pytest

from features import Cohort, read_cohort
from features.intake.quality import clean
from features.sources import read_mgus2, read_mgus241
from training.monitor.elsewhere.overlap import DAYS, overlap_of

DAY = pd.Timestamp("2010-07-01")
NOT_USED = dict.fromkeys(("operator", "unit", "original_value", "original_unit", "unit_divisor", "collected_time"), "")


def cohort(**people):
    """A cohort of people, each as (sex, age, results, days until death or None), results as {biomarker: value} on the index date."""
    patients = [{"patient_id": name, "age_at_index": age, "sex": sex} for name, (sex, age, _, _) in people.items()]
    results = [(name, biomarker, value) for name, (_, _, values, _) in people.items() for biomarker, value in values.items()]
    ends = [(name, DAY + pd.Timedelta(days=died)) for name, (*_, died) in people.items() if died is not None]
    deaths = pd.DataFrame(ends, columns=["patient_id", "occurred_at"]).astype({"occurred_at": "datetime64[ns]"})
    return Cohort(
        pd.DataFrame(patients).assign(
            birth_date=pd.Series(pd.NaT, dtype="datetime64[ns]"), index_date=DAY, site="", stage="", heavy_chain="", light_chain="", fish=""
        ),
        pd.DataFrame(results, columns=["patient_id", "biomarker", "value"]).assign(collected_at=DAY, available_at=DAY, **NOT_USED),
        deaths.assign(kind="death", detail=""),
    )


TRAINED = ("female", 60.0, {"m_protein": 1.5, "hemoglobin": 13.1, "creatinine": 0.9}, 1000)


@pytest.mark.parametrize(
    ("person", "alike"),
    [
        (TRAINED, True),
        (("female", 61.0, {"m_protein": 1.5, "hemoglobin": 13.1}, None), True),
        (("female", 60.0, {"m_protein": 1.5}, None), False),
        (("female", 60.0, {"m_protein": 1.5}, 1000 + DAYS), True),
        (("female", 60.0, {"m_protein": 1.5}, 1001 + DAYS), False),
        (("female", 60.0, {"m_protein": 1.5, "hemoglobin": 13.1, "creatinine": 1.4}, None), False),
        (("female", 62.0, TRAINED[2], 1000), False),
        (("male", *TRAINED[1:]), False),
        (("", *TRAINED[1:]), False),
        (("female", float("nan"), *TRAINED[2:]), False),
    ],
    ids=[
        "the same",
        "a year apart, two results",
        "one result alone",
        "one result, deaths at six weeks",
        "one result, deaths further apart",
        "a result of the same day that differs",
        "two years apart",
        "the other sex",
        "sex unknown",
        "birth year unknown",
    ],
)
def test_people_are_alike_by_sex_birth_year_and_dated_results(person, alike):
    found = overlap_of(cohort(another_name=person), cohort(trained=TRAINED))
    assert (found.people, found.alike) == ((frozenset({"another_name"}), 1) if alike else (frozenset(), 0))
    assert found.same_id == 0


def test_who_would_be_alike_but_for_the_sex_says_how_many_are_found_by_chance():
    found = overlap_of(cohort(a=("male", *TRAINED[1:])), cohort(b=TRAINED))
    assert (found.alike, found.by_chance) == (0, 1)


@pytest.mark.parametrize(
    ("person", "same"),
    [
        (("female", 61.0, {"calcium": 9.0}, None), True),
        (("", float("nan"), {"calcium": 9.0}, None), True),
        (("male", 60.0, TRAINED[2], None), False),
        (("female", 63.0, TRAINED[2], None), False),
    ],
    ids=["nothing in the way", "unknown is no contradiction", "the other sex", "another birth year"],
)
def test_the_same_identifier_is_the_same_person_unless_sex_or_birth_year_say_otherwise(person, same):
    found = overlap_of(cohort(p1=person), cohort(p1=TRAINED))
    assert (found.same_id, found.namesakes) == ((1, 0) if same else (0, 1))


def test_the_same_number_at_another_site_with_another_index_date_is_a_namesake():
    other = cohort(p1=("female", 60.0, {"calcium": 9.0}, None))
    later = other.patients.assign(index_date=DAY + pd.Timedelta(days=200), age_at_index=60.5)
    assert overlap_of(Cohort(later, other.measurements, other.events), cohort(p1=TRAINED)).namesakes == 1


def test_nobody_is_named_where_an_overlap_is_printed():
    assert "SENTINEL" not in repr(overlap_of(cohort(SENTINEL=TRAINED), cohort(trained=TRAINED)))


def test_31_of_the_241_people_of_kyle_1993_are_likely_in_mgus2_too(root):
    new, old = (clean(read(root / "data"))[0] for read in (lambda at: read_mgus241(at / "mgus241"), lambda at: read_mgus2(at / "mgus2")))
    found = overlap_of(new, old)
    assert (len(found.people), found.same_id, found.namesakes, found.by_chance) == (31, 0, 0, 0)


@pytest.mark.slow
def test_a_cohort_is_all_of_itself_and_none_of_another_simulation(trained, smm_cohort):
    from features.simulation.smm import simulate

    own = read_cohort(trained.cohort)
    assert len(overlap_of(own, own).people) == len(own.patients)
    other = overlap_of(clean(simulate(300, seed=8))[0], own)
    assert other.alike == 0
    assert other.namesakes >= 295  # simulated people are numbered from 1 in every world
