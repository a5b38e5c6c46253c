"""The share of what anybody could attain: the attainable risk has all of it, the reference none, and the goals ask the live model alone."""

import numpy as np
import pandas as pd

from benchmarks.honesty import attainable
from benchmarks.honesty.attainable import Judged


def test_shares_go_from_the_reference_to_the_attainable_risk_and_the_live_model_is_asked(monkeypatch):
    rng = np.random.default_rng(1)
    true = rng.beta(1, 9, 3000)
    reachable, reference = true * rng.lognormal(0, 0.3, 3000), true * rng.lognormal(0, 1, 3000)
    judged = Judged(pd.DataFrame(index=range(3000)), reachable, true, np.ones((3, 3000)))
    found = {"boosting": true, "logistic": reference, "cox": reference, "ensemble": reachable, "pangea_form": reference}
    monkeypatch.setattr(attainable, "judged_people", lambda *_: judged)
    monkeypatch.setattr(attainable, "risks_of", lambda *_: found)
    monkeypatch.setattr(attainable, "REPEATS", {500: 2, 2000: 1})
    first, *goals = attainable.measured()
    said = {goal.case: goal for goal in goals}
    assert first.holds is None
    assert said["2000 people, ensemble"].found == (
        "100% (100% to 100%) from pangea_form of the same people, 100% (100% to 100%) from that of 2000"
    )
    assert said["2000 people, logistic"].found.startswith("0% (0% to 0%)")
    assert float(said["2000 people, boosting"].found.split("%")[0]) > 100, "the truth is further than what can be attained"
    assert {case for case, goal in said.items() if goal.holds is not None} == {"2000 people, ensemble"}
    assert said["2000 people, ensemble"].holds
