"""One figure in one cell: with its interval, or a blank that says why; a count below ten people is not written down."""

from __future__ import annotations

import math

from training.card.document import Blank, Cell
from training.card.facts import Facts
from training.metrics.estimate import Estimate, lines_of
from training.metrics.names import Metric
from training.places import PERFORMANCE
from training.rows.small_cells import SUPPRESSED, written

_NO_FIGURE = "this run has no such figure"
KEPT_BACK = "kept back"  # a count that would tell another of fewer than ten people


def figure(facts: Facts, metric: Metric, decimals: int, refused: str = "") -> Cell:
    """Return a figure of the run with its 95 % interval.

    Parameters
    ----------
    refused : str
        Why evaluation refused to give it, if it did.
    """
    return with_interval(Estimate.of(facts.metrics, metric), decimals, refused)


def with_interval(estimate: Estimate, decimals: int, refused: str = "") -> Cell:
    """Return an estimate and its interval in words; a blank where there is no estimate."""
    return estimate.shown(decimals) or Blank(refused or _NO_FIGURE)


def count(facts: Facts, metric: Metric) -> Cell:
    """Return a count of the run; evaluation keeps small ones back."""
    return SUPPRESSED if metric.name in facts.kept_back else people(facts.metrics.get(metric.name))


def people(value: float | None) -> Cell:
    """Return a count of people, without saying how many where they are few."""
    if value is None or not math.isfinite(value):
        return Blank(_NO_FIGURE)
    return written(value, thousands=",")


def withheld(why: object) -> str:
    """Return what stands for a count that evaluation left empty: for itself, or for what it would tell of another."""
    return SUPPRESSED if why == SUPPRESSED else KEPT_BACK


def refusals(facts: Facts) -> dict[tuple[str, int], str]:
    """Return why evaluation gave no figures, by subset ("" is all visits) and horizon."""
    table = facts.frame(PERFORMANCE, ("subset", "horizon", "measure", "why")).dropna(subset=["why"])
    lines = lines_of(table[table["measure"] == "auc"])
    return {("" if line.subset != line.subset else str(line.subset), int(line.horizon)): short(line.why) for line in lines}


def short(why: str) -> str:
    """Return a reason without the advice that follows it."""
    return str(why).partition(";")[0].rstrip(".").replace("only fewer", "fewer")
