"""All published scores together over one million rows on one core: the goal is under 5 seconds.

Run with `make bench`. The peer is the usual way, one Python call per row, measured on a sample in the same run.
"""

from __future__ import annotations

import time

import numpy as np

from myeloma import catalogue
from myeloma.scores import POINT_SCORES, RISK_MODELS, SCORES

ROWS = 1_000_000
SAMPLE = 2_000
GOAL_SECONDS = 5.0
MISSING = 0.1


def inputs(rows: int) -> dict[str, np.ndarray]:
    """Return plausible inputs, a tenth of them missing."""
    rng = np.random.default_rng(0)
    scale = {"bmpc": 25, "m_protein": 2, "flc_ratio": 20, "age": 65, "creatinine": 1, "b2m": 4, "albumin": 3.7, "kappa_lambda_ratio": 3}
    scale |= {"hemoglobin": 13}
    names = {name for score in SCORES.values() for name in score.inputs}
    values = {
        name: rng.gamma(2.0, scale[name] / 2, rows) if name in scale else (rng.random(rows) < 0.3).astype(float) for name in sorted(names)
    }
    values["age"] = np.clip(values["age"], 20, 100)
    for name in values.keys() & catalogue().biomarkers.keys():
        values[name] = np.clip(values[name], catalogue()[name].lower, catalogue()[name].upper)
    for value in values.values():
        value[rng.random(rows) < MISSING] = np.nan
    return values


def score_arrays(values: dict[str, np.ndarray]) -> None:
    """Compute category, points and published risks of every score."""
    for score in POINT_SCORES.values():
        chosen = {name: values[name] for name in score.inputs}
        score.evaluate_arrays(**chosen).category()
        for months in score.risks:
            score.risk(months, **chosen)
    for model in RISK_MODELS.values():
        model.risk(24, **{name: values[name] for name in model.inputs})


def score_row_by_row(values: dict[str, np.ndarray], rows: int) -> None:
    """The same for the point scores, one person at a time."""
    for row in range(rows):
        for score in POINT_SCORES.values():
            score.evaluate(**{name: float(values[name][row]) for name in score.inputs})


def main() -> None:
    """Print the time for a million rows, and the ratio to one call per row."""
    values = inputs(ROWS)
    score_arrays({name: value[:1000] for name, value in values.items()})  # builds each score's table once
    start = time.perf_counter()
    score_arrays(values)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    score_row_by_row(values, SAMPLE)
    per_row = (time.perf_counter() - start) / SAMPLE
    times = per_row * ROWS / seconds
    print(f"scores: {len(SCORES)} x {ROWS:,} rows in {seconds:.2f} s (goal {GOAL_SECONDS:g} s), {times:.0f} times one call per row")


if __name__ == "__main__":
    main()
