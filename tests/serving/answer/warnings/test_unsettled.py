"""What results contradict, what was met earlier, and what was found: said in words, with values and days."""

import pytest

DAY, LATER = "2022-08-10", "2022-09-10"
UNITS = {"flc_kappa": "mg/L", "flc_lambda": "mg/L", "creatinine": "mg/dL", "calcium": "mg/dL", "calcium_corrected": "mg/dL", "bmpc": "%"}


def asked(client, history, *results, **person):
    """Return the answer to the history with more results, as (day, biomarker, value) or with a method."""
    history["patient"] |= {"stage": "smm", **person}
    history["measurements"] += [
        {"collected_at": day, "biomarker": name, "value": value, "unit": UNITS.get(name, ""), **({"method": method[0]} if method else {})}
        for day, name, value, *method in results
    ]
    return client.post("/v1/risk", json=history).json()


def finding(answer, key):
    (found,) = (one for one in answer["criteria"] if one["criterion"] == key)
    return found


def test_a_chain_without_the_other_is_said_not_to_be_used_and_scores_are_open(client, history):
    answer = asked(client, history, (DAY, "flc_kappa", 2000), light_chain="kappa")
    found = finding(answer, "light_chains")
    assert (found["status"], found["value"], found["collected_on"]) == ("unknown", 25.0, "2022-07-10")
    said = (
        f"not used: Free kappa light chains 2000 mg/L of {DAY}: without the other chain of the same day there is no ratio; "
        "the ratio in use is that of 2022-07-10, and what it does not meet is unknown now; "
        "both chains are drawn together: look for the other one, or for a slip of the day"
    )
    assert said in answer["warnings"] and found["note"] == said and answer["risks"]
    assert answer["scores"]["mayo_2018"]["points"] == 3, "a point that the ratio gave stays"
    assert answer["scores"]["imwg_2020"]["missing"] == ["flc_ratio", "fish_high_risk"]
    assert answer["scores"]["pangea_smm"]["risks"] == {}


def test_a_reported_ratio_that_the_chains_contradict_is_said_with_both(client, history):
    results = (DAY, "flc_kappa", 1500), (DAY, "flc_lambda", 10), (DAY, "kappa_lambda_ratio", 15)
    answer = asked(client, history, *results, light_chain="kappa")
    assert finding(answer, "light_chains")["status"] == "unknown"
    (said,) = (one for one in answer["warnings"] if one.startswith("contradiction: "))
    assert f"of {DAY} a ratio of 15" in said and "kappa 1500 and lambda 10 mg/L" in said


def test_the_other_chain_than_the_one_on_record_is_said_in_words(client, history):
    answer = asked(client, history, (DAY, "flc_kappa", 5), (DAY, "flc_lambda", 1500), light_chain="kappa")
    assert finding(answer, "light_chains")["status"] == "unknown"
    assert any(f"on record is kappa, and the results of {DAY} point to lambda" in one for one in answer["warnings"])
    assert "flc_ratio" in answer["scores"]["mayo_2018"]["missing"]


def test_corrected_calcium_is_said_beside_the_total(client, history):
    answer = asked(client, history, (DAY, "calcium", 10.4), (DAY, "calcium_corrected", 12.0))
    found = finding(answer, "calcium")
    assert (found["status"], found["value"]) == ("unknown", 10.4)
    assert "12 mg/dL" in found["note"] and "10.4 mg/dL" in found["note"] and any(found["note"] in one for one in answer["warnings"])
    assert finding(asked(client, history, (LATER, "calcium", 10.4)), "calcium")["status"] == "not met"


def test_marrow_of_another_method_withholds_the_risk_and_says_by_which(client, history):
    answer = asked(client, history, (DAY, "bmpc", 65, "biopsy"), (LATER, "bmpc", 20, "smear"))
    found = finding(answer, "marrow")
    assert (answer["risks"], found["status"], found["value"], found["collected_on"]) == ([], "met", 65.0, DAY)
    assert found["note"].startswith(f"met by biopsy; the later 20 % of {LATER} by smear does not undo it")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("bmpc", 65), ("bmpc", 20), "Bone marrow plasma cells 65 %"),
        (("creatinine", 2.2), ("creatinine", 1.0), "Creatinine 2.2 mg/dL"),
        (("calcium", 11.5), ("calcium", 10.0), "Calcium 11.5 mg/dL"),
    ],
)
def test_what_was_met_earlier_and_is_not_met_now_is_a_warning(client, history, before, after, told):
    answer = asked(client, history, (DAY, *before), (LATER, *after))
    (said,) = (one for one in answer["warnings"] if one.startswith("a criterion for active myeloma was met on"))
    assert said.startswith(f"a criterion for active myeloma was met on {DAY}: {told}") and "it is not met now" in said
    assert answer["risks"]


@pytest.mark.parametrize(
    ("before_known", "after_known"),
    [("2022-08-12", "2022-09-12"), ("2022-09-12", "2022-09-12"), ("2022-10-01", "2022-10-01"), ("2022-09-20", "2022-09-12")],
    ids=["as they came", "a newer one came with it", "both of one transfer", "a newer one came first"],
)
def test_a_criterion_was_met_on_the_day_of_the_sample_whenever_its_result_became_known(client, history, before_known, after_known):
    for day, known, value in ((DAY, before_known, 12.5), (LATER, after_known, 9.5)):
        history["measurements"].append(
            {"collected_at": day, "available_at": known, "biomarker": "calcium", "value": value, "unit": "mg/dL"}
        )
    (said,) = (one for one in asked(client, history)["warnings"] if "was met on" in one)
    assert said.startswith(f"a criterion for active myeloma was met on {DAY}: Calcium 12.5 mg/dL") and "it is not met now" in said


def test_what_a_correction_of_the_same_day_replaced_was_never_met(client, history):
    history["measurements"].append({"collected_at": DAY, "biomarker": "creatinine", "value": 2.2, "unit": "mg/dL"})
    answer = asked(client, history)
    assert answer["risks"] == []
    history["measurements"].append(
        {"collected_at": DAY, "available_at": "2022-08-20", "biomarker": "creatinine", "value": 1.1, "unit": "mg/dL"}
    )
    assert not any("was met on" in one for one in asked(client, history)["warnings"])


def test_a_positive_finding_is_never_silent(client, history):
    answer = asked(client, history, (DAY, "pet_ct", "positive"), (DAY, "plasmacytoma", "positive"), (LATER, "plasmacytoma", "negative"))
    pet, plasmacytoma = (one for one in answer["warnings"] if one.startswith("positive: "))
    assert pet.startswith(f"positive: PET/CT, lesions of myeloma, on {DAY}: ") and answer["risks"]
    assert plasmacytoma.startswith(f"positive: Plasmacytoma, on {DAY}, negative on {LATER}: ")
    assert finding(answer, "bone")["status"] == "unknown"
