"""Models that earlier versions wrote still give the risks that those versions gave (see fixtures/README.md)."""

import json
from pathlib import Path

import numpy as np
import pytest

from serving.artifact import load_artifact
from serving.predict import explain, predict_risk

FIXTURES = Path(__file__).parent / "fixtures"
SAID = json.loads((FIXTURES / "risks.json").read_text())


@pytest.fixture(params=sorted(SAID))
def old(request):
    said = SAID[request.param]
    rows = np.array([[np.nan if value is None else value for value in row] for row in said["rows"]])
    return load_artifact(FIXTURES / request.param), said, rows


def test_every_kept_model_has_its_risks():
    assert {folder.name for folder in FIXTURES.iterdir() if folder.is_dir()} == set(SAID)
    assert {name[:8] for name in SAID} == {"format_2", "format_3"}


def test_an_old_model_wants_the_columns_it_was_fitted_to(old):
    artifact, said, _ = old
    assert artifact.columns == said["columns"]


def test_an_old_model_gives_the_risks_it_gave(old):
    artifact, said, rows = old
    np.testing.assert_allclose(predict_risk(artifact, rows), said["risks"], rtol=1e-12)


def test_an_old_model_gives_the_intervals_it_gave(old):
    artifact, said, rows = old
    lower = explain(artifact, rows).lower
    np.testing.assert_allclose(np.where(np.isnan(lower), -1.0, lower), said["lower"], rtol=1e-12)
