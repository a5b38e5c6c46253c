"""What drives a model's risk, in figures: the weight of each biomarker, how firm the ranking stands, and which way it points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from features import parse_column
from features.history.windows import BASELINE, current_windows
from myeloma import catalogue
from serving.artifact import Artifact, feature_matrix
from serving.predict import by_biomarker

Array = NDArray[np.float64]
_ROWS = 500
_SEED = 1
_TOP = 3


@dataclass(frozen=True)
class Weights:
    """The share that each biomarker has in the mean |contributions|: in the model's, and in those of its fits to halves.

    A fit to half of the patients (`Artifact.resampled`) varies more than a fit to as many as the model had would. It also
    shares its half with the model: the figures say how firmly the ranking stands on these patients, not what another cohort
    would give.

    Attributes
    ----------
    names : biomarkers and static columns
    log_odds : array (horizons, names)
        Mean |contribution| of all columns of a biomarker together, of the model.
    shares : array (horizons, names)
    halves : array (fits, horizons, names)
        The shares again; no fits where the artifact keeps none.
    """

    names: list[str]
    log_odds: Array
    shares: Array
    halves: Array

    @classmethod
    def of(cls, artifact: Artifact, x: Array, contributions: Array) -> Weights:
        """Return the weights over the rows of x, whose contributions (rows, horizons, features) are given."""
        summed = [by_biomarker(artifact, of) for of in (contributions, *(model.contributions(x) for model in artifact.resampled))]
        log_odds = np.array([[np.abs(values).mean(axis=0) for values in of.values()] for of in summed]).transpose(0, 2, 1)
        shares = shares_of(log_odds)
        return cls(list(summed[0]), log_odds[0], shares[0], shares[1:])

    def rank_correlation(self, at: int) -> float:
        """Return the mean Spearman correlation of the model's ranking with that of each fit to a half, at one horizon.

        Biomarkers that neither the model nor any fit uses are left out, since all rank them alike. A fit that ranks nothing
        agrees with nothing: 0. NaN where there are no fits, or the model itself ranks nothing.
        """
        used = (self.shares[at] > 0) | (self.halves[:, at] > 0).any(axis=0)
        whole = rankdata(self.shares[at, used])
        if not len(self.halves) or not np.ptp(whole):
            return float("nan")
        halves = [rankdata(half[at, used]) for half in self.halves]
        return float(np.mean([np.corrcoef(whole, half)[0, 1] if np.ptp(half) else 0.0 for half in halves]))

    def table(self, horizons: tuple[int, ...]) -> pd.DataFrame:
        """Return one line per horizon and biomarker, the weightiest of a horizon first.

        Returns
        -------
        DataFrame
            horizon, biomarker, log_odds, share, rank (1 = weightiest, equals share the better rank), fits: how many fits to
            halves there are; and over these share_lo, share_hi, rank_best, rank_worst, top_3 (share of the fits that have it
            among their first three), NaN where there are none.
        """
        parts = []
        for h, months in enumerate(horizons):
            halves = self.halves[:, h] if len(self.halves) else np.full((1, len(self.names)), np.nan)
            ranks = rankdata(-halves, method="min", axis=1, nan_policy="propagate")
            part = {
                "horizon": months,
                "biomarker": self.names,
                "log_odds": self.log_odds[h],
                "share": self.shares[h],
                "share_lo": halves.min(axis=0),
                "share_hi": halves.max(axis=0),
                "rank": rankdata(-self.shares[h], method="min"),
                "rank_best": ranks.min(axis=0),
                "rank_worst": ranks.max(axis=0),
                "top_3": np.where(np.isnan(halves), np.nan, (ranks <= _TOP) & (halves > 0)).mean(axis=0),
                "fits": len(self.halves),
            }
            parts.append(pd.DataFrame(part).sort_values("log_odds", ascending=False, kind="stable"))
        return pd.concat(parts, ignore_index=True)


def sample(artifact: Artifact, judged: pd.DataFrame) -> Array:
    """Return the features of the judged rows that an explanation is drawn from: a few hundred, the same for every model."""
    return feature_matrix(artifact, judged.sample(min(_ROWS, len(judged)), random_state=_SEED))


def latest_value(columns: list[str], x: Array, biomarker: str) -> Array | None:
    """Return the latest value of a biomarker in each row, of the look-back named last that everybody has; None where there is none."""
    parsed = [parse_column(name) for name in columns]
    mine = [(k, column) for k, column in enumerate(parsed) if column.biomarker == biomarker]
    latest = {column.window or "": k for k, column in mine if column.statistic == "last"}
    windows = [window for window in current_windows(list(latest)) if window != BASELINE]
    return x[:, latest[windows[-1]]] if windows else None


def harm_agreement(columns: list[str], x: Array, moved: dict[str, Array]) -> dict[str, float]:
    """Return the rank correlation of latest value and what it moves, positive where it follows the known direction of harm.

    Biomarkers without a direction of harm, without a latest value, or of which either does not vary are left out.

    Parameters
    ----------
    x : array (rows, columns)
    moved : arrays (rows,) in log-odds, by biomarker
        The biomarker's contribution, or the risk itself.
    """
    found = {}
    for name, log_odds in moved.items():
        harm, latest = catalogue()[name].harm, latest_value(columns, x, name)
        if harm is None or latest is None:
            continue
        pair = pd.DataFrame({"value": latest, "log_odds": log_odds}).dropna().rank()
        if (pair.nunique() > 1).all():
            agreement = float(pair["value"].corr(pair["log_odds"]))
            found[name] = agreement if harm == "higher" else -agreement
    return found


def shares_of(weights: Array) -> Array:
    """Return weights as shares of their sum over the last axis; of a model without any contribution every share is 0."""
    total = weights.sum(axis=-1, keepdims=True)
    shares: Array = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares
