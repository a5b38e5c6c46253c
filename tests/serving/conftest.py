"""A server in memory, and the smallest history that it answers."""

import copy

import pytest
from fastapi.testclient import TestClient

from serving.artifact import load_artifact
from serving.http.api import make_app

HISTORY = {
    "patient": {"index_date": "2022-01-10", "birth_date": "1960-05-02", "sex": "female", "light_chain": "kappa"},
    "measurements": [
        {"collected_at": "2022-01-10", "biomarker": "m_protein", "value": 18, "unit": "g/L"},
        {"collected_at": "2022-01-10", "biomarker": "bmpc", "value": 22, "unit": "%"},
        {"collected_at": "2022-07-10", "biomarker": "m_protein", "value": "2.3", "unit": "g/dL"},
        {"collected_at": "2022-07-10", "biomarker": "flc_kappa", "value": 250, "unit": "mg/L"},
        {"collected_at": "2022-07-10", "biomarker": "flc_lambda", "value": 10, "unit": "mg/L"},
    ],
}


@pytest.fixture
def history():
    return copy.deepcopy(HISTORY)


@pytest.fixture(scope="module")
def client(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact", {"model_name": "smm-progression", "model_version": "3"})
    return TestClient(make_app({"smm": artifact}), raise_server_exceptions=False)
