"""Splits are by patient, with the progressors spread evenly."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError
from training.rows.split import evaluation_folds, patient_folds, random_halves


@pytest.fixture
def rows():
    visits = np.repeat(np.arange(200), np.tile([1, 4], 100))
    return pd.DataFrame({"patient_id": [f"p{i}" for i in visits], "event": np.where(visits % 5 == 0, "event", "none")})


def test_no_patient_is_fitted_on_and_judged_on(rows):
    for fold in patient_folds(rows, 5, seed=1):
        assert not set(rows["patient_id"].iloc[fold.fit]) & set(rows["patient_id"].iloc[fold.judge])


def test_every_row_is_judged_exactly_once(rows):
    judged = np.concatenate([fold.judge for fold in patient_folds(rows, 5, seed=1)])
    assert sorted(judged) == list(range(len(rows)))


def test_progressors_are_spread_evenly(rows):
    per_fold = [(rows.iloc[f.judge].drop_duplicates()["event"] == "event").sum() for f in patient_folds(rows, 5, seed=1)]
    assert per_fold == [8, 8, 8, 8, 8]


def test_the_split_does_not_depend_on_the_order_of_rows(rows):
    first = set(rows["patient_id"].iloc[patient_folds(rows, 5, 1)[0].judge])
    shuffled = rows.sample(frac=1, random_state=0)
    assert set(shuffled["patient_id"].iloc[patient_folds(shuffled, 5, 1)[0].judge]) == first


def test_a_half_and_the_other_half_share_no_patient_and_are_all(rows):
    one, other = random_halves(rows, seed=1)
    assert (one.fit.tolist(), one.judge.tolist()) == (other.judge.tolist(), other.fit.tolist())
    assert sorted([*one.fit, *one.judge]) == list(range(len(rows)))
    people = [set(rows["patient_id"].iloc[half]) for half in (one.fit, one.judge)]
    assert [len(half) for half in people] == [100, 100] and not people[0] & people[1]


def test_how_many_progress_in_a_half_is_by_chance_as_in_a_cohort(rows):
    counts = [(rows.iloc[random_halves(rows, seed)[0].fit].drop_duplicates()["event"] == "event").sum() for seed in range(300)]
    assert np.mean(counts) == pytest.approx(20.0, abs=0.6)
    assert np.var(counts) == pytest.approx(100 * 0.2 * 0.8 * 0.5, rel=0.25)  # drawn without replacement: half of what a cohort's would be


def test_halves_do_not_depend_on_the_order_of_rows(rows):
    shuffled = rows.sample(frac=1, random_state=0)
    first, again = (set(of["patient_id"].iloc[random_halves(of, 1)[0].fit]) for of in (rows, shuffled))
    assert first == again


def test_held_out_is_one_fold_of_about_the_share_asked_for(rows, smm_plan):
    folds = evaluation_folds(rows, replace(smm_plan.evaluation, test_share=0.5))
    assert len(folds) == 1
    assert rows["patient_id"].iloc[folds[0].judge].nunique() == 100


@pytest.mark.parametrize(("people", "said"), [(19, "Only 19"), (10, "Only 10"), (9, "Fewer than 10"), (0, "Only 0")])
def test_too_few_progressors_are_refused_and_fewer_than_ten_not_counted(rows, smm_plan, people, said):
    few = rows.assign(event=np.where(rows["patient_id"].isin([f"p{i}" for i in range(people)]), "event", "none"))
    with pytest.raises(DataError, match=f"{said} of 200 people progress"):
        evaluation_folds(few, smm_plan.evaluation)


@pytest.mark.parametrize(
    ("share", "says", "mend"),
    [
        (0.05, "With test_share 0.05, 10 people are judged, of whom fewer than 10 progress", "raise test_share"),
        (0.45, "90 people are judged, of whom only 18 progress", "raise test_share"),
        (0.55, "90 people are fitted on, of whom only 18 progress", "lower test_share"),
    ],
)
def test_a_share_that_leaves_too_few_progressors_to_judge_or_to_fit_is_refused(rows, smm_plan, share, says, mend):
    with pytest.raises(DataError, match=f"{says}; at least 20 are needed") as refusal:
        evaluation_folds(rows, replace(smm_plan.evaluation, test_share=share))
    assert refusal.value.hint.startswith(mend)
    assert "`kind: cross_validation`" in refusal.value.hint


def test_more_folds_than_people_who_progress_are_refused(rows, mgus_plan):
    progressing = rows.loc[rows["event"] == "event", "patient_id"].nunique()
    assert len(evaluation_folds(rows, replace(mgus_plan.evaluation, folds=progressing))) == progressing
    with pytest.raises(DataError, match=f"{progressing + 1} folds are asked for, and {progressing} people progress"):
        evaluation_folds(rows, replace(mgus_plan.evaluation, folds=progressing + 1))
