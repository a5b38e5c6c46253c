"""What batch and HTTP are compared on."""

import pandas as pd

from training.gate.parity import request


def test_what_is_sent_to_the_api_holds_no_identifier(smm_cohort):
    one = smm_cohort.patients["patient_id"].iloc[0]
    sent = request(smm_cohort, one, pd.Timestamp("2024-01-01"))
    assert sent["measurements"]
    assert one not in str(sent)
