"""A weighted mean of candidates, the weights chosen on patients that none of them has seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma import ConfigError
from myeloma.errors import nearest
from serving.models.base import Array
from serving.models.ensemble import Ensemble
from training.estimators.calibrated import fit_slopes
from training.estimators.kind import WEIGHTED, Fits, Half, Kind


def fit_ensemble(
    candidates: dict[str, Fits], rows: pd.DataFrame, horizons: tuple[int, ...], told: NDArray[np.bool_], *, members: tuple[str, ...]
) -> Fits:
    """Return the weighted mean of the members, and of each of their fits to halves, whose weights the other half gives.

    Parameters
    ----------
    told : array (rows,)
        Of whom every biomarker is known: weights are chosen on these rows, as the recalibration is. Of others a member's log-odds are not
        what is shown.
    """
    chosen = {name: candidates[name] for name in members}
    weights = member_weights({name: fits.out_of_fold[told] for name, fits in chosen.items()}, rows.loc[told], horizons)
    model = Ensemble({name: fits.model for name, fits in chosen.items()}, weights)
    halves = zip(*(fits.halves for fits in chosen.values()), strict=True)
    of_halves = tuple(_half(dict(zip(chosen, parts, strict=True)), rows, horizons, told) for parts in halves)
    return Fits(model, _mean({name: fits.out_of_fold for name, fits in chosen.items()}, weights), of_halves)


def _half(parts: dict[str, Half], rows: pd.DataFrame, horizons: tuple[int, ...], told: NDArray[np.bool_]) -> Half:
    left_out = next(iter(parts.values())).left_out
    there, margins = told[left_out], {name: part.margins for name, part in parts.items()}
    of_told = {name: of_member[there] for name, of_member in margins.items()}
    weights = member_weights(of_told, rows.iloc[left_out[there]], horizons)
    return Half(Ensemble({name: part.model for name, part in parts.items()}, weights), left_out, _mean(margins, weights))


def _mean(margins: dict[str, Array], weights: dict[str, float]) -> Array:
    mean: Array = np.sum([weights[name] * of_member for name, of_member in margins.items()], axis=0)
    return mean


def checked_members(members: tuple[str, ...], where: str, possible: list[str]) -> tuple[str, ...]:
    """Return the members.

    Parameters
    ----------
    possible : list of str
        The models of the task that can be members.

    Raises
    ------
    ConfigError
        One is no such model, or there are fewer than two.
    """
    from training.estimators.kinds import KINDS  # of which this module is one

    if len(possible) < 2:
        known = [name for name, kind in KINDS.items() if not kind.combines]
        raise ConfigError(f"{where}: an ensemble needs two other models or more.", f"add some of {', '.join(known)}, or take it out.")
    if unknown := [name for name in members if name not in possible]:
        raise ConfigError(f'{where}: "{unknown[0]}" cannot be a member.', nearest(unknown[0], possible))
    if len(set(members)) < 2:
        raise ConfigError(f"{where}: an ensemble needs two members or more.", f"possible here: {', '.join(possible)}.")
    return members


def member_weights(out_of_fold: dict[str, Array], rows: pd.DataFrame, horizons: tuple[int, ...]) -> dict[str, float]:
    """Return weights that sum to 1, in proportion to the slopes that predict left-out patients best (not negative).

    Parameters
    ----------
    out_of_fold : arrays (rows, horizons), by member
        Log-odds predicted for patients who were left out of the fits.
    """
    slopes, _ = fit_slopes(np.stack(list(out_of_fold.values()), axis=-1), rows, horizons)
    shares = slopes / slopes.sum() if slopes.sum() > 0 else np.full(len(slopes), 1.0 / len(slopes))
    return {kind: float(share) for kind, share in zip(out_of_fold, shares, strict=True)}


KIND = Kind(
    name="ensemble",
    fit=fit_ensemble,
    example={"members": ["logistic", "cox"]},
    missing="Each member has its own way.",
    fitted_to=f"each member in its own way (a Cox model to times, others {WEIGHTED})",
    combines=True,
    check=lambda options, where, columns, others: checked_members(options["members"], where, others),
)
