"""What drives the risk: the weight of each biomarker, how firm the ranking is, and the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from features.history.columns import group_label
from myeloma import UserError
from training.card.document import Blank, Block, Picture, Section, Text, table
from training.card.facts import Facts
from training.metrics.estimate import lines_of
from training.metrics.names import Metric
from training.places import AVAILABILITY, STABILITY, explained, explained_at

DRIVERS = "What drives the risk"
_COLUMNS = ("horizon", "biomarker", "log_odds", "share", "share_lo", "share_hi", "rank", "rank_best", "rank_worst", "top_3", "fits")
_HALVES = (
    "Each fit knows half of the patients, so it varies more than a fit to as many as the model had would; and it shares its half with "
    "the model, so nothing is said about another cohort."
)
_ALIKE = "The contributions are the same at every horizon: only the base differs. They are drawn once."
_OTHERS = "The same two pictures for the other horizons are among the run's artifacts:"


def drivers(facts: Facts) -> Section:
    """Return the weight of each biomarker (SHAP, summed over its features), how firm the ranking is, what rests on a test being done."""
    weights = facts.frame(explained(STABILITY), _COLUMNS)
    share = facts.json(explained(AVAILABILITY)).get("absolute_share")
    rests = "Share of all contributions that is about whether and when a test was done, not about what it showed:"
    blocks: list[Block] = [
        *_weights(facts, weights[weights["horizon"] == facts.primary]),
        Text(f"{rests} {share:.0%}.") if share is not None else Text(Blank("not measured", rests)),
        *_pictures(facts),
        Text("Contributions describe the model, not a cause."),
    ]
    return Section(DRIVERS, blocks)


def _weights(facts: Facts, weights: pd.DataFrame) -> Iterator[Block]:
    if weights.empty:
        yield Text(Blank("SHAP importance", "By biomarker:"))
        return
    fits = int(weights["fits"].max())
    rows = [
        [
            _label(line.biomarker),
            f"{line.log_odds:.3f}",
            f"{line.share:.0%}",
            *([f"{line.share_lo:.0%} to {line.share_hi:.0%}", _ranks(line), f"{line.top_3:.0%}"] if fits else []),
        ]
        for line in lines_of(weights)
    ]
    over = (f"share, {fits} fits", f"rank, {fits} fits", "in the first 3") if fits else ()
    caption = f"Mean |SHAP contribution| to the log-odds of the risk at {facts.primary} months, level, trend, age and absence together"
    lowest = f"; lowest to highest of {fits} fits to halves of the patients" if fits else ""
    yield table(caption + lowest, ("biomarker", "log-odds", "share", *over), rows)
    if not fits:
        yield Text(Blank("the model keeps no fits to halves of the patients (interval_fits is 0)", "How stable the ranking is:"))
        return
    agreement = facts.metrics.get(Metric("shap_rank_correlation", facts.primary).name)
    words = "Mean rank correlation of the model with these fits:"
    yield Text(f"{words} {agreement:.2f}. {_HALVES}") if agreement is not None else Text(Blank("no ranking to compare", words))


def _ranks(line: Any) -> str:
    if not line.share and not line.share_hi:
        return "not used"
    return f"{line.rank_best:.0f}" if line.rank_best == line.rank_worst else f"{line.rank_best:.0f} to {line.rank_worst:.0f}"


def _pictures(facts: Facts) -> Iterator[Block]:
    """Return the weights at every horizon that has a picture of its own, and how they come about at the primary one."""
    bars = {months: _picture(months, "biomarker_importance") for months in facts.horizons}
    drawn = {months: path for months, path in bars.items() if path in facts.files}
    if list(drawn) == [facts.primary] and len(facts.horizons) > 1:
        yield Text(_ALIKE)
    for months, path in drawn.items():
        words = f"Share of each biomarker in the contributions to the risk at {months} months, with the span of the fits to halves."
        yield Picture(path, words, facts.files[path])
    for name, words in (
        ("dependence", "Contribution of a biomarker, all its features together, against its latest value; ticks at the edge: no value."),
        ("shap_beeswarm", "Contributions of the most important features over a sample of visits, coloured by the value."),
    ):
        path = _picture(facts.primary, name)
        if path in facts.files:
            yield Picture(path, words, facts.files[path])
    others = [explained(explained_at(months)) for months in drawn if months != facts.primary]
    if others:
        yield Text(f"{_OTHERS} {', '.join(others)}.")


def _picture(months: int, name: str) -> str:
    return explained(f"{explained_at(months)}/{name}.png")


def _label(name: str) -> str:
    try:
        return group_label(name)
    except (KeyError, UserError):
        return name
