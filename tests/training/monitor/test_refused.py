"""A changed unit mostly ends in quarantine: what was refused there for its range is looked at too."""

import json

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from features.intake.quality import clean
from features.simulation.smm import simulate
from training.monitor.people import Period
from training.monitor.refused import as_received, out_of_range
from training.monitor.suspected_units import suspected_units
from training.reference.columns import level_column
from training.reference.quantiles import quantiles_of

SPEC = FeatureSpec(("m_protein",), ("ever",), ("last",), ())
LEVEL = "m_protein__last__ever"
YEAR = Period(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31"), pd.Timestamp("2020-12-31"))


def refusal(patient, day, value, unit="g/dL", reason="out_of_range", table="measurements"):
    record = {"patient_id": patient, "collected_at": day, "biomarker": "m_protein", "value": value, "unit": unit, "available_at": ""}
    return dict.fromkeys(QUARANTINE_COLUMNS, "") | {"row": 2, "table": table, "reason": reason, "record": json.dumps(record)}


@pytest.fixture
def folder(tmp_path):
    def written(*rows):
        write_cohort(clean(simulate(5, seed=1))[0], tmp_path / "cohort", pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS)))
        return tmp_path / "cohort"

    return written


def test_values_refused_for_their_range_come_back_in_the_canonical_unit_and_others_do_not(folder):
    found = out_of_range(
        folder(
            refusal("a", "2020-05-01", "26.1"),
            refusal("b", "2020-05-02T10:00:00+02:00", "<250", "g/L"),
            refusal("c", "2020-05-01", "26", "stones"),
            refusal("d", "once", "26"),
            refusal("e", "2020-05-01", "26", reason="future_date"),
            refusal("f", "2020-05-01", "", table="patients"),
            refusal("g", "2020-05-03T00:30:00+02:00[Europe/Berlin]", "27"),
        )
    )
    assert found["patient_id"].tolist() == ["a", "b", "g"]
    assert found["value"].tolist() == [26.1, 25.0, 27.0]
    assert found["collected_at"].tolist() == [pd.Timestamp(f"2020-05-0{day}") for day in (1, 2, 3)]  # as written


def test_a_quarantine_without_rows_gives_none(folder):
    assert out_of_range(folder()).empty


def test_the_latest_refused_result_of_the_period_stands_for_the_level_and_the_visits_stay_as_they_were():
    rows = pd.DataFrame({"patient_id": ["a", "b"], LEVEL: [2.0, 3.0]})
    refused = pd.DataFrame(
        {
            "patient_id": ["a", "a", "a", "z"],
            "biomarker": "m_protein",
            "collected_at": pd.to_datetime(["2020-06-01", "2020-03-01", "2021-01-01", "2020-03-01"]),
            "value": [22.0, 21.0, 23.0, 99.0],
        }
    )
    assert as_received(rows, refused, SPEC, YEAR, level_column)[LEVEL].tolist() == [22.0, 3.0]
    assert rows[LEVEL].tolist() == [2.0, 3.0]


def test_a_unit_whose_values_were_all_refused_is_still_found():
    """The features hold the last values before the change; without the refused ones there is nothing to see."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"patient_id": [f"p{k}" for k in range(12)], "site": "a", LEVEL: rng.lognormal(0.8, 0.3, 12)})
    about = {"reference": {LEVEL: {"quantiles": quantiles_of(rng.lognormal(0.8, 0.3, 5000))}}}
    refused = rows[["patient_id"]].assign(biomarker="m_protein", collected_at=YEAR.since, value=10 * rows[LEVEL])
    assert suspected_units(rows, SPEC, about, level_column) == []
    (found,) = suspected_units(as_received(rows, refused, SPEC, YEAR, level_column), SPEC, about, level_column)
    assert (found.biomarker, found.site, found.factor) == ("m_protein", "a", 10.0)
