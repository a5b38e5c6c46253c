"""A weighted mean of candidates, the weights chosen on patients that none of them has seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.tasks import Task
from myeloma import ConfigError
from myeloma.errors import nearest
from serving.models import MEMBER_KINDS
from serving.models.base import Array
from training.estimators.calibrated import fit_slopes


def ensemble_options(*, members: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the members: what an ensemble is told in `params.yaml`."""
    return members


def checked_members(members: tuple[str, ...], task: Task) -> tuple[str, ...]:
    """Return the members.

    Raises
    ------
    ConfigError
        One is no model of the task that can be a member, or there are fewer than two.
    """
    where, possible = f"tasks.{task.name}.models.ensemble", [kind for kind in MEMBER_KINDS if kind in task.models]
    if len(possible) < 2:
        raise ConfigError(
            f"{where}: an ensemble needs two other models or more.", f"add some of {', '.join(MEMBER_KINDS)}, or take it out."
        )
    if unknown := [name for name in members if name not in possible]:
        raise ConfigError(f'{where}: "{unknown[0]}" cannot be a member.', nearest(unknown[0], possible))
    if len(set(members)) < 2:
        raise ConfigError(f"{where}: an ensemble needs two members or more.", f"possible here: {', '.join(possible)}.")
    return members


def member_weights(left_out: dict[str, Array], rows: pd.DataFrame, horizons: tuple[int, ...]) -> dict[str, float]:
    """Return weights that sum to 1, in proportion to the slopes that predict left-out patients best (not negative).

    Parameters
    ----------
    left_out : arrays (rows, horizons), by member
        Log-odds predicted for patients who were left out of the fits.
    """
    slopes, _ = fit_slopes(np.stack(list(left_out.values()), axis=-1), rows, horizons)
    shares = slopes / slopes.sum() if slopes.sum() > 0 else np.full(len(slopes), 1.0 / len(slopes))
    return {kind: float(share) for kind, share in zip(left_out, shares, strict=True)}
