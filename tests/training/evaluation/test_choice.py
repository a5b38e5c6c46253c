"""How much the choice among candidates flatters: not at all where one is best on all people, more the more alike they are."""

import numpy as np
import pandas as pd
import pytest

from training.evaluation.choice import choice_among
from training.metrics import Draws

MONTHS, PEOPLE = 24, 400


@pytest.fixture
def truth():
    return 1 / (1 + np.exp(-np.random.default_rng(1).normal(-1.0, 1.0, PEOPLE)))


def people(truth, seed):
    happens = np.random.default_rng(seed).random(len(truth)) < truth
    days = np.where(happens, 300.0, 1000.0)
    ids = [f"p{k:03}" for k in range(len(truth))]
    return pd.DataFrame({"patient_id": ids, "event": np.where(happens, "event", "none"), "time_to_event": days, "follow_up": days})


def choice(rows, risks, draws=60):
    return choice_among(rows, risks, MONTHS, Draws.of(rows["patient_id"], draws, 1))


def test_one_candidate_or_one_that_is_far_better_is_always_chosen_and_nothing_is_flattered(truth):
    rows = people(truth, 2)
    for risks in ({"good": truth}, {"good": truth, "flat": np.full(PEOPLE, 0.9)}):
        found = choice(rows, risks)["good"]
        assert found == {"choice_share_24m": 1.0, "choice_auc_24m": 0.0, "choice_brier_24m": 0.0}


def test_of_candidates_that_differ_by_noise_the_one_chosen_looks_better_than_it_is(truth):
    """Twenty rules that are all the truth and noise: which is best is chance. New people tell by how much the best one flattered."""
    rng, flattered, told = np.random.default_rng(3), [], []
    for seed in range(6):
        risks = {f"m{k}": 1 / (1 + np.exp(-(np.log(truth / (1 - truth)) + rng.normal(0, 1.0, PEOPLE)))) for k in range(20)}
        rows = people(truth, 10 + seed)
        case = (rows["event"] == "event").to_numpy()
        brier = {name: np.mean((case - risk) ** 2) for name, risk in risks.items()}
        expected = {name: np.mean(truth * (1 - risk) ** 2 + (1 - truth) * risk**2) for name, risk in risks.items()}
        best = min(brier, key=brier.__getitem__)
        told.append((expected[best] - brier[best]) - np.mean([expected[name] - brier[name] for name in risks]))
        flattered.append(choice(rows, risks)[best]["choice_brier_24m"])
    assert min(flattered) > 0
    assert np.mean(flattered) == pytest.approx(np.mean(told), rel=0.6)


def test_the_shares_of_all_candidates_add_up_and_what_is_flattered_is_of_the_choice(truth):
    noise = np.random.default_rng(4).normal(0, 0.05, PEOPLE)
    found = choice(people(truth, 2), {"one": np.clip(truth + noise, 0, 1), "other": np.clip(truth - noise, 0, 1)})
    assert sum(of["choice_share_24m"] for of in found.values()) == pytest.approx(1.0)
    assert found["one"]["choice_brier_24m"] == found["other"]["choice_brier_24m"] >= -1e-4
