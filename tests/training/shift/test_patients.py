"""With fewer people: the same rows judge each model."""

from dataclasses import replace

import numpy as np
import pytest

from training.rows.small_cells import SUPPRESSED
from training.shift.patients import learning_curve


@pytest.mark.slow
def test_the_learning_curve_is_of_growing_numbers_of_people_on_the_same_rows(smm_table, quick, tmp_path):
    few = replace(quick, evaluation=replace(quick.evaluation, test_share=0.3))
    found = learning_curve(smm_table, few, "cox", tmp_path)
    fitted = found[found["why"].fillna("").str.contains("to fit").groupby(found["subset"]).transform("any").eq(False)]
    people = found["people_fitted_on"].drop_duplicates()
    assert people.is_monotonic_increasing
    assert len(people) == 4
    assert found["why"].iloc[0].endswith("at least 20 are needed to fit.")  # an eighth of these people is too few
    assert fitted["subset"].nunique() >= 2
    assert fitted[fitted["measure"] == "rows"].groupby("horizon")["estimate"].nunique().eq(1).all()


def test_how_few_of_the_people_who_judge_progress_is_not_written_down(smm_table, quick, tmp_path, monkeypatch):
    monkeypatch.setattr("training.shift.refitted.risks_of", lambda fit, judged, *rest: np.full((len(judged), 2), 0.1))
    few = replace(quick, evaluation=replace(quick.evaluation, kind="cross_validation", folds=20))
    events = learning_curve(smm_table, few, "cox", tmp_path).query("measure == 'events' and horizon == 24")
    assert events["estimate"].isna().all()
    assert set(events["why"]) == {SUPPRESSED}
