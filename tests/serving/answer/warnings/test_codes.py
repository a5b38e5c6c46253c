"""A score file holds a code of every warning that the answer of one person says in words, and no other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import Cohort, read_cohort
from features.history.arrays import Histories
from features.table.landmarks import last_landmarks, visit_landmarks
from serving.answer.person import answer_history
from serving.answer.warnings.followed import FOLLOWED_FROM
from serving.artifact import load_artifact
from serving.batch import score_histories, score_landmarks

WORDS = {
    "criterion_met": "a criterion for active myeloma is met",
    "criterion_open": "whether a criterion for active myeloma is met is open",
    "stage_doubted": "the stage stated is",
    "igm": "heavy chain IgM",
    "positive_finding": "positive: ",
    "criterion_met_earlier": "a criterion for active myeloma was met on",
    "lone_chain": "not used: Free ",
    "ratio_contradicted": "contradiction: of ",
    "chain_contradicted": "contradiction: the light chain on record",
    "calcium_open": "open: hypercalcemia",
    "m_protein_no_measure": "not used: Serum M-protein",
    "out_of_range": "out of training range",
    "not_followed": "beyond what was followed",
}
CHANGES = {  # of some people, on some of their days
    "bmpc": (65.0, 12.0),
    "creatinine": (2.5, 0.9),
    "calcium": (12.0, 9.5),
    "calcium_corrected": (11.8, 12.0),
    "hemoglobin": (9.0, 21.0),
    "flc_kappa": (900.0, 5.0),
    "flc_lambda": (900.0, 5.0),
    "kappa_lambda_ratio": (0.01, 150.0),
    "pet_ct": (1.0, 0.0),
    "plasmacytoma": (1.0, 0.0),
}


@pytest.fixture(scope="module")
def cohort(trained):
    """Return a simulated cohort of which many people have results that contradict others, meet criteria, or lie outside what is usual."""
    clean, rng = read_cohort(trained.cohort), np.random.default_rng(11)
    rows = clean.measurements[clean.measurements["biomarker"] != "egfr"]
    about = rows.drop_duplicates(["patient_id", "collected_at"]).sample(frac=0.25, random_state=1)
    odd = about.assign(biomarker=rng.choice(list(CHANGES), len(about)), specimen="", method="", operator="")
    odd["value"] = [CHANGES[name][which] for name, which in zip(odd["biomarker"], rng.integers(0, 2, len(odd)), strict=True)]
    later = pd.to_timedelta(rng.integers(0, 2, len(odd)), unit="D")  # some on a day of their own, without the other chain
    odd = odd.assign(collected_at=odd["collected_at"] + later, available_at=odd["available_at"] + later)
    odd["operator"] = rng.choice(["", "<", ">"], len(odd), p=[0.6, 0.2, 0.2])
    odd["operator"] = odd["operator"].where(~odd["biomarker"].isin(["pet_ct", "plasmacytoma"]), "")
    patients = clean.patients.copy()
    patients.loc[patients.index[::9], "heavy_chain"] = "IgM"
    low = rows["patient_id"].isin(patients["patient_id"].iloc[::11]) & rows["biomarker"].isin(["m_protein", "bmpc"])
    rows = rows.assign(value=rows["value"].where(~low, 0.05))
    measured = pd.concat([rows, odd]).drop_duplicates(["patient_id", "collected_at", "biomarker"], keep="last")
    return Cohort(patients, measured.sort_values(["patient_id", "collected_at"]).reset_index(drop=True), clean.events)


@pytest.fixture(scope="module", params=["smm", "mgus"])
def artifact(trained, request):
    made = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    about = made.about | {FOLLOWED_FROM: {"12": 200, "24": 60, "60": 40}}
    return replace(made, about=about | ({"criteria_guard": False} if request.param == "mgus" else {}))


def test_each_code_stands_where_its_words_do(artifact, cohort):
    histories, ids = Histories.of(cohort, operators=True), cohort.patients["patient_id"]
    scores, found = score_landmarks(artifact, cohort, last_landmarks(cohort)), set()
    for name, row in scores[scores["status"].isin(["scored", "criteria_met"])].set_index("patient_id").iloc[:100].iterrows():
        alone = Cohort(*(frame[frame["patient_id"] == name].reset_index(drop=True) for frame in cohort.tables().values()))
        said = answer_history(artifact, Histories.of(alone, operators=True), _day(row["landmark"])).warnings
        codes = row["warnings"].split("|") if row["warnings"] else []
        assert set(codes) == {code for code, words in WORDS.items() if any(one.startswith(words) for one in said)}, name
        found |= set(codes)
    assert len(histories.people) == len(ids)
    assert found >= {"igm", "criterion_open", "positive_finding", "lone_chain", "calcium_open", "out_of_range", "not_followed"}
    assert ("criterion_met_earlier" in found) == bool(artifact.rules.criteria_guard)


def test_every_visit_is_warned_of_by_what_was_known_by_then(artifact, cohort):
    every = score_landmarks(artifact, cohort, visit_landmarks(cohort))
    histories, ids = Histories.of(cohort, operators=True), cohort.patients["patient_id"].to_numpy()
    some = every[every["status"] == "scored"].iloc[::60]
    place = pd.Index(ids).get_indexer(some["patient_id"]).astype(np.int32)
    for who, (_, row) in zip(place, some.iterrows(), strict=True):
        day = np.array([_day(row["landmark"])], np.int32)
        alone = score_histories(artifact, histories.known_by(int(day[0])), ids, (np.array([who], np.int32), day), int(day[0]))
        assert alone["warnings"][0] == row["warnings"]


def _day(landmark):
    return (landmark - pd.Timestamp("1970-01-01")).days
