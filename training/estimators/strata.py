"""Who is likely to begin treatment: groups within which the treated can be stood in for by those who go on untreated.

Treatment before progression ends observation (`treatment: censor`), and it is those at high risk who are treated. One curve of
being uncensored for all would let people at low risk stand in for them, and too few progressions would be seen. So the hazard of
beginning treatment is modelled by what is known at the landmark, and each group of like hazard gets a curve of its own
(weights: Robins and Finkelstein, Biometrics 2000;56:779; groups of a propensity: Rosenbaum and Rubin, JASA 1984;79:516).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import parse_column
from features.columns import FeatureSpec
from training.censoring import STRATUM
from training.estimators.cox import converged
from training.estimators.design import fit_design
from training.split import LEAST_EVENTS

GROUPS = 5  # as Rosenbaum and Rubin, after Cochran, Biometrics 1968;24:295
_PENALTY = 0.01  # of the hazard, which is only to order people: without it, a threshold above which all are treated has no coefficient


def with_strata(rows: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the rows with `censoring_stratum`, 0 up by the hazard of beginning treatment; 0 for all where too few begin it.

    Each group holds as many visits that end with treatment as the others do: where nobody is treated there is nothing to tell
    apart. The hazard is fitted to these very rows: it says who is censored, not who progresses.

    Parameters
    ----------
    rows : DataFrame
        patient_id, censored_by, time_to_event, the feature columns of `spec`.
    """
    treated = (rows["censored_by"] == "treatment").to_numpy()
    hazard = _log_hazard(rows, treated, spec) if rows.loc[treated, "patient_id"].nunique() >= LEAST_EVENTS else None
    if hazard is None:
        return rows.assign(**{STRATUM: 0})
    edges = np.quantile(hazard[treated], np.arange(1, GROUPS) / GROUPS)
    return rows.assign(**{STRATUM: np.searchsorted(edges, hazard, side="right")})


def _log_hazard(rows: pd.DataFrame, treated: NDArray[np.bool_], spec: FeatureSpec) -> NDArray[np.float64] | None:
    """Return the log hazard of beginning treatment of each row, from latest values and what never changes; None if none can be fitted."""
    columns = [name for name in spec.columns() if (parse_column(name).statistic or "last") == "last"]
    x = rows[columns].to_numpy(dtype=float)
    design = fit_design(x, columns, columns, indicate=True, curve=True)
    z = pd.DataFrame(design.transform(x, columns)).add_prefix("z")
    time = rows["time_to_event"].to_numpy(dtype=float)
    fitter = converged(z.assign(time=time, observed=treated, share=1.0), _PENALTY) if z.shape[1] else None
    return None if fitter is None else z.to_numpy() @ fitter.params_.to_numpy()
