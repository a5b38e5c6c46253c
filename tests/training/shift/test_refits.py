"""One model is fitted again in the ways asked for; one that is refused does not stop the others."""

from dataclasses import replace

import pandas as pd
import pytest

from myeloma import DataError, StateError
from training.shift import refit


@pytest.fixture
def unlogged(monkeypatch):
    """The store is every test's: nothing is logged to its runs."""
    monkeypatch.setattr("training.tracking.log_results", lambda *arguments: None)


@pytest.mark.slow
@pytest.mark.usefixtures("unlogged")
def test_what_can_be_fitted_again_is_although_another_way_is_refused(smm_table, small_smm_plan, trained, tmp_path):
    here = replace(smm_table, rows=smm_table.rows.assign(site="here"))
    said = []
    with pytest.raises(DataError, match="needs two sites"):
        refit(here, small_smm_plan, "cox", ["sites", "patients"], trained.folder / "fit", tmp_path, said.append)
    assert [path.name for path in (tmp_path / "cox" / "refits").iterdir()] == ["patients.csv"]
    assert "cox: sites: refused" in said
    assert "its model card was written before this" in said[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("unlogged")
def test_a_difference_that_is_refused_is_said_to_be(smm_table, small_smm_plan, trained, tmp_path, monkeypatch):
    def nothing(*arguments):
        return pd.DataFrame(columns=["model", "reference", "horizon", "measure", "threshold", "difference", "lo", "hi"])

    monkeypatch.setattr("training.shift.refits.gain_from_history", nothing)
    said = []
    refit(smm_table, small_smm_plan, "cox", ["history"], trained.folder / "fit", tmp_path, said.append)
    assert "cox: history: too few people progress within 24 months, or stay free, for a difference" in said


@pytest.mark.slow
def test_a_model_that_is_not_fitted_cannot_be_fitted_again(smm_table, quick, trained, tmp_path):
    with pytest.raises(StateError, match="forest is not fitted in"):
        refit(smm_table, quick, "forest", ["patients"], trained.folder / "fit", tmp_path, print)
