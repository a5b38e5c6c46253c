"""What is predicted with a biomarker hidden: every column of it, of that one alone."""

from dataclasses import replace

import numpy as np

from serving.predict import predict_risk
from tests.model_kinds import COLUMNS, HORIZONS, SPEC, artifact_of, people
from training.fitting.hidden import read_without, risks_without


def test_each_biomarker_is_hidden_alone_and_read_back_by_its_name(smm_task):
    task, artifact, x = replace(smm_task, features=SPEC, horizons=HORIZONS), artifact_of("logistic"), people(50)[0]
    before = x.copy()
    found = read_without(risks_without(artifact, x, task), task)
    assert found.keys() == {"m_protein", "hemoglobin"}
    for biomarker, risks in found.items():
        hidden = np.where([name.startswith(biomarker) for name in COLUMNS], np.nan, x)
        assert (risks == predict_risk(artifact, hidden)).all()
    assert np.array_equal(x, before, equal_nan=True)


def test_risks_of_before_they_were_kept_are_none(smm_task):
    task, x = replace(smm_task, features=SPEC, horizons=HORIZONS), people(50)[0]
    kept = risks_without(artifact_of("logistic"), x, task).drop(columns="risk_24m_without_hemoglobin")
    assert read_without(kept, task).keys() == {"m_protein"}
