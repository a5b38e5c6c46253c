"""Published scores and myeloma-defining criteria beside the model, and the guard that keeps a risk back."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import read_cohort
from features.table.landmarks import last_landmarks
from features.table.score_inputs import score_inputs_of
from myeloma.scores import SCORES
from myeloma.scores.cautions import CAUTIONS
from serving.answer.published import caution_words, criteria_findings, score_answers, score_columns
from serving.artifact import load_artifact
from serving.batch import score_landmarks

DAY = int(np.datetime64("2022-07-10").astype(int))  # days since 1970
WARNING = "criteria for active myeloma may be met"
PERSON = {"m_protein": 2.1, "flc_ratio": 5.0, "kappa_lambda_ratio": 5.0, "bmpc": 15.0, "creatinine": 1.0, "hemoglobin": 13.0, "age": 65.0}


def inputs_of(**known):
    """Return one person's score inputs; what is not given is unknown."""
    names = {name for score in SCORES.values() for name in score.inputs} | {"hemoglobin", "calcium", "flc_involved"}
    return {name: known.get(name, math.nan) for name in sorted(names | set(known))}


OF_MGUS = ("flc_interval", "flc_reduced_filtration", "published_immunoglobulin_limits")
MGUS = {"m_protein": 1.0, "kappa_lambda_ratio": 2.5, "non_igg": 0.0, "egfr": 50.0, "immunoparesis": 1.0}


def test_an_answer_says_beside_each_score_what_to_bear_in_mind_of_it():
    answers = score_answers(inputs_of(**MGUS), "mgus")
    assert answers["mgus_2005"].category == "low-intermediate"  # as published
    assert answers["mgus_2005"].cautions == (CAUTIONS["flc_interval"], CAUTIONS["flc_reduced_filtration"])
    assert answers["cmg_2017"].cautions == tuple(CAUTIONS[key] for key in OF_MGUS)
    assert {answer.cautions for answer in score_answers(inputs_of(**MGUS | {"immunoparesis": math.nan}), "smm").values()} == {()}


def test_a_batch_names_the_cautions_of_each_row():
    inputs = rows_of(inputs_of(**MGUS), inputs_of(**MGUS | {"kappa_lambda_ratio": 1.0}), inputs_of(egfr=math.nan))
    assert caution_words(inputs, "mgus") == ["|".join(OF_MGUS), "published_immunoglobulin_limits", ""]
    assert caution_words(inputs, "smm") == ["published_immunoglobulin_limits"] * 2 + [""]
    assert caution_words(inputs, None) == ["", "", ""]
    assert caution_words(rows_of(inputs_of(del17p_percent=20.0), inputs_of(del17p_percent=21.0)), "mm") == ["del17p_boundary", ""]


def rows_of(*people):
    """Return the score inputs of people as columns."""
    return {name: np.array([one[name] for one in people]) for name in people[0]}


@pytest.fixture(scope="module")
def cohort(trained):
    return read_cohort(trained.cohort)


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact")


@pytest.fixture(scope="module")
def gappy(cohort):
    """Return score inputs of 60 people with a fifth of the values taken away and findings made up."""
    rng = np.random.default_rng(5)
    landmarks = last_landmarks(cohort).dropna().head(60)
    inputs = score_inputs_of(cohort, landmarks)
    for name in ("fish_high_risk", "immunoparesis", "non_igg", "ravi_m_protein"):
        inputs[name] = rng.integers(0, 2, len(inputs)).astype(float)
    return inputs.mask(rng.random(inputs.shape) < 0.2)


@pytest.mark.parametrize("population", ["smm", "mgus", "mm"])
def test_many_rows_at_once_and_one_person_get_the_same(gappy, population):
    columns = score_columns({name: gappy[name].to_numpy() for name in gappy}, population)
    for row in range(len(gappy)):
        answers = {key: vars(answer) for key, answer in score_answers(gappy.iloc[row].to_dict(), population).items()}
        shown = {column for column in columns if not pd.isna(columns[column][row]) and "_risk_" in column}
        assert shown == {f"score_{key}_risk_{horizon}" for key, answer in answers.items() for horizon in answer["risks"]}
        for key, answer in answers.items():
            for horizon, risk in answer["risks"].items():
                assert columns[f"score_{key}_risk_{horizon}"][row] == risk
            if f"score_{key}" in columns:
                assert columns[f"score_{key}"][row] == ("" if answer["reason"] else "|".join(answer["possible"]))
            assert (answer["category"] is None) == (len(answer["possible"]) != 1)


def test_what_missing_inputs_leave_is_said_in_words():
    one_missing = inputs_of(m_protein=1.0, flc_ratio=5.0)
    columns = score_columns(rows_of(one_missing), "smm")
    assert list(columns["score_mayo_2018"]) == ["low|intermediate"]
    assert np.isnan(columns["score_mayo_2018_risk_24m"]).all()
    answer = score_answers(one_missing, "smm")["mayo_2018"]
    assert (answer.category, answer.possible, answer.missing) == (None, ("low", "intermediate"), ("bmpc",))
    assert (answer.risks, answer.reason) == ({}, "")


def test_where_no_score_is_for_the_population_there_is_no_column():
    assert score_columns(rows_of(inputs_of(), inputs_of()), None) == {}


def test_nothing_known_is_not_computable_and_says_why():
    nothing = inputs_of()
    columns = score_columns(rows_of(nothing), "smm")
    assert {values[0] for values in columns.values() if not pd.isna(values[0])} == {""}  # no category, and no risk at all
    for answer in score_answers(nothing, "smm").values():
        assert answer.reason == f"not computable: {', '.join(answer.missing)} unknown"
        assert (answer.category, answer.risks) == (None, {})


def test_everything_known_gives_a_category_and_its_published_risk():
    answers = score_answers(inputs_of(**PERSON), "smm")
    assert (answers["mayo_2018"].category, answers["mayo_2018"].risks) == ("intermediate", {"24m": 0.179, "60m": 0.47})
    assert set(answers["pangea_smm_static"].risks) == {"12m", "24m", "60m", "120m"}
    assert answers["pangea_smm_static"].category == "low"
    assert answers["pangea_smm"].reason.startswith("not computable: hgb_traj")


def test_marrow_of_zero_percent_is_a_value():
    answers = score_answers(inputs_of(**PERSON | {"bmpc": 0.0}), "smm")
    assert "bmpc" not in {name for answer in answers.values() for name in answer.missing}
    assert answers["pangea_smm_static"].risks["24m"] < answers["pangea_smm_no_marrow_static"].risks["24m"]


@pytest.mark.parametrize("population", ["smm", "mgus", "mm"])
def test_a_population_is_shown_its_own_scores_only(population):
    own = {key for key, score in SCORES.items() if score.population == population}
    assert set(score_answers(inputs_of(**PERSON), population)) == own
    assert {column.removeprefix("score_").split("_risk_")[0] for column in score_columns(rows_of(inputs_of(**PERSON)), population)} == own
    assert population != "mgus" or own == {"cmg_2017", "mgus_2005", "mgus_2005_net"}


def test_criteria_are_three_valued_with_value_unit_and_age():
    inputs = inputs_of(hemoglobin=9.5, flc_ratio=120.0, hemoglobin__age_days=30.0)
    found = {f.criterion: f for f in criteria_findings(inputs, DAY)}
    assert {key: f.status for key, f in found.items()} == {
        **dict.fromkeys(["calcium", "renal", "marrow", "light_chains", "bone", "mri"], "unknown"),
        "anemia": "met",
    }
    anemia, renal = found["anemia"], found["renal"]
    assert (anemia.value, anemia.unit, anemia.age_days, anemia.collected_on) == (9.5, "g/dL", 30.0, "2022-06-10")
    assert (renal.value, renal.unit, renal.age_days, renal.collected_on) == (None, "mg/dL", None, None)
    assert found["light_chains"].value == 120.0


def test_the_renal_criterion_knows_age_and_sex():
    found = {f.criterion: f for f in criteria_findings(inputs_of(creatinine=1.9, age=75.0, female=1.0), DAY)}
    assert (found["renal"].status, found["renal"].value, found["renal"].unit) == ("met", 1.9, "mg/dL")
    assert "eGFR 27.2" in found["renal"].note


def ask(client, history, *results):
    for biomarker, value, unit in results:
        history["measurements"].append({"collected_at": "2022-07-10", "biomarker": biomarker, "value": value, "unit": unit})
    response = client.post("/v1/risk", json=history)
    assert response.status_code == 200
    answer = response.json()
    return answer, {found["criterion"]: found for found in answer["criteria"]}


@pytest.mark.parametrize(("value", "unit"), [(9.5, "g/dL"), (95, "g/L"), (9.99, "g/dL")])
def test_over_http_no_risk_is_shown_when_a_criterion_is_met(client, history, value, unit):
    answer, criteria = ask(client, history, ("hemoglobin", value, unit))
    assert answer["risks"] == []
    assert any(WARNING in warning for warning in answer["warnings"])
    assert (criteria["anemia"]["status"], criteria["anemia"]["age_days"]) == ("met", 0)


def test_over_http_hemoglobin_of_exactly_10_still_gets_a_risk(client, history):
    answer, criteria = ask(client, history, ("hemoglobin", 10.0, "g/dL"))
    assert [risk["horizon_months"] for risk in answer["risks"]] == [12, 24, 60]
    assert not any(WARNING in warning for warning in answer["warnings"])
    assert (criteria["anemia"]["status"], criteria["anemia"]["value"]) == ("not met", 10.0)
    assert (criteria["calcium"]["status"], criteria["calcium"]["value"]) == ("unknown", None)


def test_over_http_no_risk_is_shown_when_the_estimated_clearance_is_below_40(client, history):
    history["patient"] |= {"birth_date": "1947-07-01", "sex": "female"}  # 75 at the landmark
    answer, criteria = ask(client, history, ("creatinine", 1.9, "mg/dL"))
    assert answer["risks"] == []
    assert any(WARNING in warning for warning in answer["warnings"])
    assert (criteria["renal"]["status"], criteria["renal"]["value"]) == ("met", 1.9)
    assert "met by an estimated clearance: eGFR 27.2" in criteria["renal"]["note"]
    assert "plasmacytoma" in answer["criteria_condition"]


def test_over_http_the_same_creatinine_of_a_young_man_gets_a_risk(client, history):
    history["patient"] |= {"birth_date": "1977-07-01", "sex": "male"}
    answer, criteria = ask(client, history, ("creatinine", 1.9, "mg/dL"))
    assert answer["risks"]
    assert criteria["renal"]["status"] == "not met"


def test_over_http_the_light_chains_are_judged_even_where_their_ratio_is_reported_too(client, history):
    kappa, lambda_ = ("flc_kappa", 1500, "mg/L"), ("flc_lambda", 10, "mg/L")
    history["measurements"] = history["measurements"][:3]
    answer, criteria = ask(client, history, kappa, lambda_, ("kappa_lambda_ratio", 150, ""))
    assert (criteria["light_chains"]["status"], criteria["light_chains"]["value"]) == ("met", 150.0)
    assert answer["risks"] == []


def test_over_http_no_published_risk_of_smoldering_myeloma_is_shown_either(client, history):
    """Item 9: if any event is met, do not show an SMM risk, whoever published it."""
    answer, _ = ask(client, history, ("hemoglobin", 9.5, "g/dL"))
    assert {key: score["risks"] for key, score in answer["scores"].items() if score["risks"]} == {}


@pytest.fixture(scope="module")
def guarded(artifact, cohort):
    """Return batch rows of three scored people whose hemoglobin was all set to 9.5, 10.0, and left as it is."""
    landmarks = last_landmarks(cohort)
    tested = cohort.measurements.groupby("patient_id")["biomarker"].nunique()
    all_scored = score_landmarks(artifact, cohort, landmarks).query("status == 'scored'")["patient_id"]
    scored = [patient for patient in all_scored if tested[patient] == tested.max()][:3]  # a score without its inputs gives no risk
    measured = cohort.measurements.copy()
    for patient, value in zip(scored, (9.5, 10.0), strict=False):
        measured.loc[(measured["patient_id"] == patient) & (measured["biomarker"] == "hemoglobin"), "value"] = value
    chosen = landmarks[landmarks["patient_id"].isin(scored)]
    return score_landmarks(artifact, replace(cohort, measurements=measured), chosen).set_index("patient_id").loc[scored]


def test_in_batch_no_risk_is_shown_when_a_criterion_is_met(guarded):
    assert guarded["status"].tolist() == ["criteria_met", "scored", "scored"]
    of_the_model = [c for c in guarded if not c.startswith("score_") and ("risk_" in c or "base_" in c or "__contribution__" in c)]
    assert guarded[of_the_model].isna().all(axis=1).tolist() == [True, False, False]


def test_in_batch_no_published_risk_of_smoldering_myeloma_is_shown_either(guarded):
    published = [column for column in guarded if column.startswith("score_") and "_risk_" in column]
    assert guarded[published].isna().all(axis=1).tolist() == [True, False, False]
