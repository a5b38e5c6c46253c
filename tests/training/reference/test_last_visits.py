"""Last visits of periods: each visit counts for the days on which it would be the last."""

import numpy as np
import pandas as pd
import pytest

from training.reference.by_time import LEAST_IN_BAND, MONTHS, reference_of_bands
from training.reference.last_visits import DAYS, OF_LAST_VISITS, reference_of_period, references_of_last_visits
from training.reference.quantiles import quantiles_of, weighted_quantiles_of

START, STUDY_DAYS = pd.Timestamp("2015-01-01"), 1000
VISITS = (0, 10, 200)  # days after diagnosis: what was taken at the first is known ten days later


def people(count, days=VISITS, event="none", censored_by="last_contact"):
    """Return visits of people who come on the same days, followed to the study's end."""
    day = np.tile(np.array(days), count)
    person = np.repeat(np.arange(count), len(days))
    return pd.DataFrame(
        {
            "patient_id": person,
            "index_date": START,
            "landmark": START + pd.to_timedelta(day, unit="D"),
            "event": event,
            "censored_by": censored_by,
            "follow_up": STUDY_DAYS - day,
            "value": np.where(day == 0, np.nan, 1.0 + person + 100.0 * (day == 200)),
        }
    )


def missing_at_diagnosis(rows, days):
    (one,) = [each for each in references_of_last_visits(rows, {"value": rows["value"].to_numpy()}) if each["days"] == days]
    return one["figures"]["value"][0]["missing"]


@pytest.mark.parametrize(
    ("days", "share"),
    [(7, 7 / 14), (30, 10 / 40), (91, 10 / 101), (365, 10 / 200)],  # the second visit is the last for 190 days at the most
)
def test_a_visit_counts_for_the_days_until_the_next_or_as_long_as_a_period_lasts(days, share):
    assert missing_at_diagnosis(people(LEAST_IN_BAND), days) == pytest.approx(share)


def test_the_rows_may_stand_in_any_order():
    rows = people(LEAST_IN_BAND)
    assert missing_at_diagnosis(rows.sample(frac=1.0, random_state=1), 30) == pytest.approx(10 / 40)


@pytest.mark.parametrize(
    ("event", "censored_by", "counts"),
    [("event", "", 365), ("none", "treatment", 365), ("none", "last_contact", 10)],  # on the day of the last contact there may be a visit
)
def test_a_last_row_counts_to_the_end_of_the_study_unless_contact_ended(event, censored_by, counts):
    early = people(LEAST_IN_BAND, (0,), event, censored_by).assign(follow_up=10)
    others = people(100, (0, 500)).assign(patient_id=lambda rows: rows["patient_id"] + 1000, value=5.0)
    assert missing_at_diagnosis(pd.concat([early, others], ignore_index=True), 365) == pytest.approx(
        20 * counts / (20 * counts + 100 * 365)
    )


def test_people_of_unequal_weight_count_as_so_many_of_equal_weight_and_none_of_too_few_are_kept():
    rows = people(LEAST_IN_BAND, (0,)).assign(value=1.0)
    weight = np.where(rows["patient_id"] < 10, 3.0, 1.0)
    figures = {"value": rows["value"].to_numpy()}
    (here, *others) = reference_of_bands(rows, figures, weight)["figures"]["value"]
    assert here == {"people": 16.0, "known": 16.0, "missing": 0.0, "quantiles": quantiles_of(np.ones(2))}  # 40 * 40 / 100
    assert others == [None] * (len(MONTHS) - 1)
    assert reference_of_bands(rows[1:], {"value": figures["value"][1:]}, weight[1:])["figures"]["value"][0] is None


def test_weighted_quantiles_are_those_of_values_that_stand_as_often_as_they_count():
    rng = np.random.default_rng(1)
    values, counts = rng.normal(size=5000), rng.integers(1, 6, 5000)
    repeated = quantiles_of(np.repeat(values, counts))
    assert weighted_quantiles_of(values, counts.astype(float)) == pytest.approx(repeated, abs=0.05)
    assert weighted_quantiles_of(np.array([]), np.array([])) == []


@pytest.mark.parametrize(("days", "closest"), [(1, 7), (14, 7), (16, 30), (31, 30), (184, 183), (366, 365), (4000, 1096)])
def test_a_period_is_compared_with_those_about_as_long_and_with_all_visits_where_nothing_else_is_remembered(days, closest):
    about = {"reference_by_time": {"of": "all"}}
    assert reference_of_period(about, days) == {"of": "all"}
    assert reference_of_period(about | {OF_LAST_VISITS: [{"days": one} for one in DAYS]}, days) == {"days": closest}
