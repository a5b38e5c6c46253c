"""What batch and HTTP are compared on."""

from dataclasses import replace

import pandas as pd

from training.gate.parity import request


def test_what_is_sent_to_the_api_holds_no_identifier(smm_cohort):
    one = smm_cohort.patients["patient_id"].iloc[0]
    sent = request(smm_cohort, one, pd.Timestamp("2024-01-01"))
    assert sent["measurements"]
    assert one not in str(sent)


def test_a_line_of_therapy_is_sent_where_it_was_recorded(smm_cohort):
    events = smm_cohort.events.head(3).assign(patient_id=smm_cohort.patients["patient_id"].iloc[0])
    one, day = events["patient_id"].iloc[0], pd.Timestamp("2024-01-01")
    with_lines = replace(smm_cohort, events=events.assign(line=pd.array([1, 2, None], dtype="Int64")))
    assert [event.get("line") for event in request(with_lines, one, day)["events"]] == [1, 2, None]
    assert not any("line" in event for event in request(replace(smm_cohort, events=events), one, day)["events"])
