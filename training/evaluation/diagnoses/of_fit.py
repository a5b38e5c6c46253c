"""What is noticed about one model: by its figures, by the weights of its inputs, by the search for its options."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from features import parse_column
from training.evaluation.diagnoses.diagnosis import Diagnosis, listed
from training.fitting.searched import Searched

# More than all other inputs together, twice over: who knows this one input knows the risk. Ours.
MOST_OF_ONE = 2 / 3
# Of a range, at either end. Wide enough for a search that nears its end and never draws it; an option that does not matter ends in
# there once in twenty-five times. Ours.
EDGE = 0.02


def overfitting(seen: float, unseen: float, upper: float, months: int) -> Diagnosis | None:
    """Return that a model does better on people whom it was fitted to than chance explains.

    Parameters
    ----------
    seen : AUC of the model as it is registered, which was fitted to everybody, on the people judged
    unseen : AUC of the models fitted without the person, on the same people
    upper : upper end of the 95 % interval of `unseen`
    """
    if not seen > upper:  # nor where one is not known
        return None
    beyond = f"above {upper:.3f}, the upper end of the interval of what those fitted without them reach ({unseen:.3f})"
    return Diagnosis("overfitting", f"AUC {seen:.3f} at {months} months on people whom the model was fitted to, {beyond}")


def one_input(weights: pd.DataFrame, offered: Collection[str], months: int) -> Diagnosis | None:
    """Return that one of several inputs has most of the contributions.

    Parameters
    ----------
    weights : DataFrame
        horizon, biomarker, share: as `explain_model` writes it.
    offered : columns that the model could use
    """
    shares = weights[weights["horizon"] == months].set_index("biomarker")["share"]
    if len(inputs_of(offered)) < 2 or not shares.max() > MOST_OF_ONE:
        return None
    return Diagnosis("one_input", f"{shares.idxmax()} has {shares.max():.0%} of all contributions at {months} months")


def adds_nothing(weights: pd.DataFrame, offered: Collection[str], empty: Collection[str]) -> Diagnosis | None:
    """Return which inputs a model does not use at any horizon, and which columns have no value.

    Parameters
    ----------
    weights : DataFrame
        horizon, biomarker, log_odds: as `explain_model` writes it.
    offered : columns that the model could use
    empty : columns without a value on any row
    """
    weight = weights.groupby("biomarker")["log_odds"].max()
    inputs = inputs_of(offered)
    unused = [name for name in inputs if not weight.get(name, 0.0) > 0]
    without = [name for name in offered if name in empty]
    said = [f"without any contribution, of {len(inputs)} inputs: {listed(unused)}"] if unused else []
    said += [f"without a value on any row, of {len(offered)} columns: {listed(without)}"] if without else []
    return Diagnosis("adds_nothing", "; ".join(said)) if said else None


def search_edge(model: str, searched: Sequence[Searched]) -> Diagnosis | None:
    """Return which options of the last search ended at an end of their range."""
    said = []
    for option in searched:
        value, low, high = (math.log(v) if option.log else v for v in (option.value, option.low, option.high))
        place = (value - low) / (high - low)
        if min(place, 1 - place) <= EDGE:
            end = "lower" if place <= EDGE else "upper"
            said.append(f"{option.name} {option.value:.3g}, at the {end} end of {option.low:g} to {option.high:g}")
    return Diagnosis("search_edge", f"the last search for the options of {model} ended with {'; '.join(said)}") if said else None


def no_better_than_score(differences: pd.DataFrame, scores: Collection[str], months: int, thresholds: Sequence[float]) -> Diagnosis | None:
    """Return in which figure a model is not shown to be better than the published score that comes nearest in it.

    Parameters
    ----------
    differences : DataFrame
        Of one model: reference, horizon, measure, threshold, difference, lo, hi, as `paired_differences` gives them.
    scores : published scores among the references
    thresholds : risks from which one would act, of which the net benefit counts
    """
    beside = differences[(differences["horizon"] == months) & differences["reference"].isin(list(scores))]
    brier = beside[beside["measure"] == "brier"]
    if brier.empty:
        return None
    said = []
    nearest = brier.iloc[brier["difference"].argmax()]
    if not nearest["hi"] < 0:
        said.append(_beside("Brier score", nearest, "better below 0"))
    for risk in thresholds:
        benefit = beside[(beside["measure"] == "net_benefit") & np.isclose(beside["threshold"], risk)]
        if benefit.empty:
            continue
        nearest = benefit.iloc[benefit["difference"].argmin()]
        if not nearest["lo"] > 0:
            said.append(_beside(f"net benefit from {risk:.0%}", nearest, "better above 0"))
    return Diagnosis("no_better_than_score", f"at {months} months, {'; '.join(said)}") if said else None


def inputs_of(columns: Collection[str]) -> list[str]:
    """Return the biomarkers and static columns behind some columns."""
    return list(dict.fromkeys(parse_column(name).biomarker for name in columns))


def _beside(what: str, line: pd.Series, better: str) -> str:
    figures = f"{line['difference']:+.4f} ({line['lo']:.4f} to {line['hi']:.4f})"
    return f"{what} less that of {line['reference']} is {figures}, {better}"
