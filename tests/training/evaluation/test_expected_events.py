"""Whether a group has figures goes by what is expected of it, so that a lucky or unlucky group is not left out for that."""

import numpy as np
import pandas as pd
import pytest

from features.table.score_inputs import PREFIX
from training.evaluation.expected_events import expected_of_rows, people_expected
from training.evaluation.subgroups import subgroup_figures
from training.metrics import Draws

MONTHS = 24


def people(events, others, site="A", first=0):
    """So many people who progress in a year, and others who are followed for three years; one visit each."""
    days = np.repeat([300.0, 1100.0], [events, others])
    known = {"heavy_chain": "IgG", "light_chain": "kappa", "sex": "female"}
    inputs = {f"{PREFIX}age": 60.0, f"{PREFIX}bmpc__age_days": 10.0, f"{PREFIX}creatinine": 1.0}
    return pd.DataFrame(
        {
            "patient_id": [f"{site}{k}" for k in range(first, first + events + others)],
            "landmark": pd.Timestamp("2020-01-01"),
            "index_date": pd.Timestamp("2020-01-01"),
            "event": np.repeat(["event", "none"], [events, others]),
            "time_to_event": days,
            "follow_up": days,
            "site": site,
            **known,
            **inputs,
        }
    )


def test_all_rows_together_expect_as_many_people_as_there_were():
    rows = people(30, 170)
    of_row = expected_of_rows(rows, {"one": np.full(200, 0.5), "score": np.full(200, np.nan)}, MONTHS)
    assert people_expected(rows["patient_id"], of_row) == pytest.approx(30)
    assert of_row[:100].sum() == pytest.approx(15), "half of the people, half of the events, whoever had them"


def test_a_person_of_several_rows_counts_by_the_one_of_the_highest_risk():
    assert people_expected(pd.Series(["a", "a", "b"]), np.array([0.1, 0.4, 0.2])) == pytest.approx(0.6)


def test_without_a_model_that_speaks_of_every_row_nothing_is_expected():
    rows = people(30, 170)
    assert expected_of_rows(rows, {"score": np.full(200, np.nan)}, MONTHS).sum() == 0


@pytest.mark.parametrize("events", [10, 15, 25, 35])
def test_a_group_that_expects_enough_is_shown_however_many_it_had_and_one_that_expects_too_few_never(events):
    """Site B has an eighth of the people and, by their risk, 25 of 200 events; site C has 12 at any number of its own."""
    rows = pd.concat([people(165 - events, 535), people(events, 100 - events, "B"), people(35, 65, "C")], ignore_index=True)
    risk = rows["site"].map({"A": 0.19, "B": 0.28, "C": 0.12}).to_numpy(dtype=float)
    found = subgroup_figures(rows, {"m": risk}, MONTHS, Draws.of(rows["patient_id"], 5, 1)).query("grouping == 'site'")
    of = found.set_index(["group", "measure"])
    assert of.loc[("B", "oe_ratio"), "estimate"] > 0
    assert of.loc[("B", "expected_events"), "estimate"] > 20
    assert ("C", "oe_ratio") not in of.index
    assert "people are expected to progress within 24 months" in of.loc[("C", "auc"), "why"]


def test_figures_that_would_tell_of_fewer_than_ten_people_are_kept_back():
    rows = pd.concat([people(150, 450), people(5, 95, "B")], ignore_index=True)
    found = subgroup_figures(rows, {"m": np.full(700, 0.2)}, MONTHS, Draws.of(rows["patient_id"], 5, 1)).query("grouping == 'site'")
    of = found.set_index(["group", "measure"])
    assert ("B", "oe_ratio") not in of.index
    assert "fewer than 10 people here progress" in of.loc[("B", "auc"), "why"]
