"""Generated courses, all people at once: amounts that fall, stay and rise again, with what real data lack."""

import numpy as np

from myeloma.calendar import NEVER
from myeloma.treated.response.assessments import assessments, lines
from tests.myeloma.treated.response_twin import MISSING

BESIDE, ANY = 0.001, 10**6  # amounts are whole numbers: what lies on one side of a limit, and more than any


def generated_courses(people, seed, visits=10):
    """Return courses in whole numbers, as `response_twin.twin` takes them: day 0 is the first dose, two visits lie on or before it."""
    rng = np.random.default_rng(seed)
    days = np.cumsum(rng.integers(1, 60, (visits, people)), axis=0)
    days = days - days[1] - rng.choice([0, 0, 30, 80], people)
    depth = np.cumsum(rng.choice([-2.5, -0.7, 0.0, 0.2, 1.5], (visits, people), p=[0.15, 0.3, 0.25, 0.15, 0.15]), axis=0)
    shape = np.exp(np.clip(depth - depth[0], -8, 1.2)) * rng.choice([1, 1, 0], (visits, people), p=[0.6, 0.3, 0.1])
    shape[:2] = rng.choice([1.0, 1.05], (2, people))

    def amount(levels, missing, noise=0.1):
        value = np.floor(rng.choice(levels, people) * shape * rng.normal(1, noise, (visits, people)).clip(0.5)).astype(int)
        value[rng.random((visits, people)) < missing] = MISSING
        return value

    serum, urine = amount([0, 4, 9, 10, 12, 30, 52, 80], 0.12), amount([0, 50, 199, 200, 250, 1000, 4000], 0.3)
    involved, uninvolved = amount([20, 90, 110, 300, 1000], 0.2), rng.integers(5, 40, (visits, people))
    chains = np.where(involved == MISSING, MISSING, np.maximum(0, involved - uninvolved))
    marrow = amount([5, 29, 30, 45, 60], 0.5).clip(max=75)
    amounts = {"serum": (serum, serum), "urine": (urine, urine), "flc": (chains, chains), "marrow": (marrow, marrow)}
    reported = {name: pair[0] for name, pair in amounts.items()}
    for name in ("serum", "urine", "marrow"):
        value, drawn = reported[name], rng.random(days.shape)
        below, above = (value > 0) & (value < 60) & (drawn < 0.05), (value > 0) & (drawn > 0.98)
        least, most = np.where(above, value + BESIDE, value), np.where(below, value - BESIDE, value)
        amounts[name] = (np.where(below, 0, least), np.where(above, ANY, most))

    def finding(chance, missing):
        drawn = (rng.random((visits, people)) < chance).astype(int)
        return np.where(rng.random((visits, people)) < missing, MISSING, drawn)

    deep = (serum < 4) & (urine < 60)
    ratio = np.where(involved == MISSING, MISSING, (involved < 3 * uninvolved).astype(int))
    found = {
        "serum_ife": np.where(deep, finding(0.2, 0.1), finding(0.95, 0.1)),
        "urine_ife": np.where(deep, finding(0.1, 0.2), finding(0.6, 0.2)),
        "ratio_normal": np.where(rng.random(ratio.shape) < 0.05, MISSING, ratio),
        "clonal_absent": finding(0.6, 0.7),
        "lesion": finding(0.02, 0.5),
    }
    return {
        "days": days,
        "amounts": amounts,
        "reported": reported,
        "found": found,
        "involved": involved,
        "uninvolved": uninvolved,
        "next_therapy": np.where(rng.random(people) < 0.3, days[-1] - rng.integers(0, 150, people).clip(max=days[-1]), NEVER).clip(0),
        "death": np.where(rng.random(people) < 0.3, days[-1] + 10, NEVER),
        "died_of_progression": rng.choice([1, 0, MISSING], people),
    }


def for_the_product(course):
    """Return the same as the product takes it: visits and lines, in its units."""

    def flat(values, unit=1.0):
        return np.where(values == MISSING, np.nan, values / unit).T.ravel()

    visits, people = course["days"].shape
    names = {"m_protein": "serum", "urine_m_protein": "urine", "bmpc": "marrow"}
    below = {f"{name}_below": (course["amounts"][own][0] < course["reported"][own]).T.ravel() for name, own in names.items()}
    above = {f"{name}_above": (course["amounts"][own][1] > course["reported"][own]).T.ravel() for name, own in names.items()}
    rows = assessments(
        np.arange(people + 1) * visits,
        course["days"].T.ravel(),
        m_protein=flat(course["reported"]["serum"], 10.0),
        urine_m_protein=flat(course["reported"]["urine"]),
        flc_involved=flat(course["involved"]),
        flc_uninvolved=flat(course["uninvolved"]),
        bmpc=flat(course["reported"]["marrow"]),
        flc_ratio_normal=flat(course["found"]["ratio_normal"]),
        serum_immunofixation=flat(course["found"]["serum_ife"]),
        urine_immunofixation=flat(course["found"]["urine_ife"]),
        clonal_cells_absent=flat(course["found"]["clonal_absent"]),
        new_lesion=flat(course["found"]["lesion"]),
        **below,
        **above,
    )
    cause = np.where(course["died_of_progression"] == MISSING, np.nan, course["died_of_progression"])
    return rows, lines(np.zeros(people, int), course["next_therapy"], course["death"], cause)
