"""An answer on results reported with < or >: what they leave open is unknown, and is said."""

import pytest

from features.cohort.schema import LIGHT_CHAINS

DAY = "2022-08-10"


def asked(client, history, *results, light_chain="kappa"):
    """Return status of the light chain criterion, its note, and the answer; results are (biomarker, value, unit) of one day."""
    history["patient"]["light_chain"] = light_chain
    history["measurements"] += [{"collected_at": DAY, "biomarker": name, "value": value, "unit": unit} for name, value, unit in results]
    answer = client.post("/v1/risk", json=history).json()
    (found,) = (one for one in answer["criteria"] if one["criterion"] == "light_chains")
    return found["status"], found["note"], answer


def chains(kappa, lambda_):
    return ("flc_kappa", kappa, "mg/L"), ("flc_lambda", lambda_, "mg/L")


@pytest.mark.parametrize(
    ("kappa", "lambda_", "light_chain", "status"),
    [
        (129, "<1.3", "kappa", "unknown"),  # 99 or more
        (129, "<1.3", None, "unknown"),
        (129, 1.28, "kappa", "met"),
        (131, "<1.3", "kappa", "met"),  # 100 or more
        (">90", 1, "kappa", "unknown"),
        (">150", 1, "kappa", "met"),
        ("<1.3", 129, "lambda", "unknown"),
        ("<1.3", 129, None, "unknown"),
    ],
)
def test_a_chain_that_is_a_limit_leaves_the_ratio_open(client, history, kappa, lambda_, light_chain, status):
    told, note, answer = asked(client, history, *chains(kappa, lambda_), light_chain=light_chain)
    assert told == status
    assert bool(answer["risks"]) == (status != "met")
    if status == "unknown":
        said = "the value is a limit, from a result reported with < or > or a ratio beyond what is kept"
        assert note == f"{said}: the truth lies above it, which leaves this open"


def test_a_limit_that_points_to_the_other_chain_than_the_one_on_record_leaves_both_open(client, history):
    told, note, _ = asked(client, history, *chains(129, "<1.3"), light_chain="lambda")
    assert told == "unknown" and note.startswith("the value is a limit") and "on record is lambda" in note


@pytest.mark.parametrize(
    ("ratio", "chain", "status"), [(">90", "kappa", "unknown"), ("<0.011", "lambda", "unknown"), ("<95", "kappa", "not met")]
)
def test_a_reported_ratio_of_kappa_to_lambda_that_is_a_limit_is_one_of_the_involved_chain(client, history, ratio, chain, status):
    del history["measurements"][3:5]
    involved = ("flc_" + chain, 300, "mg/L") if chain in LIGHT_CHAINS else ()
    assert asked(client, history, ("kappa_lambda_ratio", ratio, ""), involved, light_chain=chain)[0] == status


def test_a_limit_of_another_day_is_no_limit_of_todays_ratio(client, history):
    history["measurements"].append({"collected_at": "2022-05-01", "biomarker": "flc_lambda", "value": "<1.3", "unit": "mg/L"})
    assert asked(client, history, *chains(129, 20))[0] == "not met"


def test_a_score_that_a_limit_leaves_open_says_what_is_possible(client, history):
    *_, answer = asked(client, history, *chains(25.9, "<1.3"))  # a ratio of 19.9 or more; the score's cut-off is 20
    score = answer["scores"]["mayo_2018"]
    assert (score["points"], "flc_ratio" in score["missing"]) == (None, True)
    *_, exact = asked(client, {**history, "measurements": history["measurements"][:-2]}, *chains(25.9, 1.3))
    assert exact["scores"]["mayo_2018"]["points"] is not None


@pytest.mark.parametrize(
    ("kappa", "lambda_", "status", "group"),
    [
        (27.6, 1.38, "not met", "low"),  # exactly 20: not above it
        (27.7, 1.38, "not met", "intermediate"),
        (">=27.6", 1.38, "unknown", None),  # 20 or more, and the chain is 27.6 or more
        (110, 1.1, "met", "intermediate"),  # exactly 100: met from it on
        (">=110", 1.1, "met", "intermediate"),
        (109.9, 1.1, "not met", "intermediate"),
    ],
)
def test_a_ratio_that_is_a_cut_off_on_paper_is_judged_as_one(client, history, kappa, lambda_, status, group):
    history["patient"]["stage"] = "smm"
    measured = [one for one in history["measurements"] if one["biomarker"] not in ("m_protein", "bmpc")]
    measured += [
        {"collected_at": DAY, "biomarker": name, "value": 1, "unit": unit} for name, unit in (("m_protein", "g/dL"), ("bmpc", "%"))
    ]
    told, _, answer = asked(client, {**history, "measurements": measured}, *chains(kappa, lambda_))
    assert (told, answer["scores"]["mayo_2018"]["category"]) == (status, group)
    assert bool(answer["risks"]) == (status != "met")


@pytest.mark.parametrize(
    ("kappa", "lambda_", "light_chain", "value", "reported", "status"),
    [
        (9000, 1, "kappa", 5000.0, ">", "met"),
        (1, 9000, "lambda", 5000.0, ">", "met"),
        (5000, 1, "kappa", 5000.0, "", "met"),
        (1, 9000, "kappa", 0.01, "<", "not met"),
    ],
)
def test_a_ratio_beyond_what_is_kept_says_that_it_is_a_limit(client, history, kappa, lambda_, light_chain, value, reported, status):
    told, note, answer = asked(client, history, *chains(kappa, lambda_), light_chain=light_chain)
    (found,) = (one for one in answer["criteria"] if one["criterion"] == "light_chains")
    assert found["value"] == value
    assert told == status or (light_chain == "kappa" and kappa < lambda_)  # the other chain than the one on record: open
    assert ("the truth lies " + {">": "above", "<": "below"}.get(reported, "?") in note) == bool(reported)
    (said,) = (one for one in answer["warnings"] if one.startswith("out of training range: Free light chain ratio, involved"))
    assert f"uninvolved {reported}{value:g} " in said


def ratio_in(answer):
    (found,) = (one for one in answer["risks"][0]["contributions"] if one["biomarker"] == "flc_ratio")
    return found["reported"], found["change"]


def test_a_ratio_of_a_limit_is_told_as_one_and_no_change_to_it_or_from_it_is_stated(client, history):
    *_, answer = asked(client, history, *chains(90, "<1.3"))
    assert ratio_in(answer) == (">", None)
    later = [{"collected_at": "2022-09-10", "biomarker": name, "value": value, "unit": unit} for name, value, unit in chains(90, 2)]
    history["measurements"] += later
    assert ratio_in(client.post("/v1/risk", json=history).json()) == ("", None)
    history["measurements"] += [{**one, "collected_at": "2022-10-10", "value": one["value"] * 1.5} for one in later[:1]] + [
        {**later[1], "collected_at": "2022-10-10"}
    ]
    assert ratio_in(client.post("/v1/risk", json=history).json()) == ("", pytest.approx(22.5))


@pytest.mark.parametrize(("value", "reached"), [(21, True), (">20", True), (">=20", None), ("<=20", False), (20, False), (">60%", True)])
def test_a_limit_scores_as_every_value_that_it_leaves(client, history, value, reached):
    history["measurements"].append({"collected_at": DAY, "biomarker": "bmpc", "value": value, "unit": "%"})
    score = client.post("/v1/risk", json=history).json()["scores"]["mayo_2018"]
    number = client.post(
        "/v1/risk", json={**history, "measurements": [*history["measurements"][:-1], {**history["measurements"][-1], "value": 15}]}
    )
    assert ("bmpc" in score["missing"]) == (reached is None)
    if reached is not None:
        assert score["points"] == number.json()["scores"]["mayo_2018"]["points"] + reached
