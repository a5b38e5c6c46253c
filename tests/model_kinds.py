"""Made-up people, and a small model of every kind fitted to them: what the contract tests of both sides run over."""

from functools import cache

import numpy as np
import pandas as pd

from features import FeatureSpec
from myeloma.calendar import DAYS_PER_MONTH
from serving.artifact import Artifact, Calibration
from training.estimators import KINDS
from training.estimators.kind import Fits
from training.estimators.unknown import fit_unknown

SPEC = FeatureSpec(("m_protein", "hemoglobin"), ("ever",), ("last",), ("age",))
COLUMNS = SPEC.columns()
HORIZONS = (12, 24, 60)


def people(n=400, seed=1, lost_within=80.0):
    """Return features and outcomes: the hazard of progression rises with M-protein, deaths compete, the lost are lost at random.

    Parameters
    ----------
    lost_within : float
        Months within which everybody is lost who is still followed.
    """
    rng = np.random.default_rng(seed)
    m_protein, hemoglobin, age = rng.lognormal(0.4, 0.6, n), rng.normal(13.0, 1.5, n), rng.normal(65.0, 9.0, n)
    progression, death = rng.exponential(1 / (0.012 * np.exp(1.5 * (np.log(m_protein) - 0.4)))), rng.exponential(60.0, n)
    lost = rng.uniform(4.0, lost_within, n)
    first = np.argmin([lost, progression, death], axis=0)
    rows = pd.DataFrame(
        {
            "patient_id": np.arange(n).astype(str),
            "landmark": pd.Timestamp("2020-01-01"),
            "event": np.array(["none", "event", "competing"])[first],
            "time_to_event": np.maximum(1.0, np.round(np.minimum(np.minimum(lost, progression), death) * DAYS_PER_MONTH)),
        }
    )
    values = {"m_protein__last__ever": m_protein, "hemoglobin__last__ever": hemoglobin, "age": age}
    x = np.column_stack([values[name] for name in COLUMNS])
    x[rng.random(x.shape) < [0.1 * (name != "age") for name in COLUMNS]] = np.nan
    return x, rows


def fit(kind, x, rows, horizons=HORIZONS, columns=COLUMNS, **changed):
    """Return a model of the kind, with its example's options; a combination is made of members fitted to the same rows."""
    others = [name for name, other in KINDS.items() if not other.combines]
    options = KINDS[kind].checked(KINDS[kind].example | changed, f"models.{kind}", columns, others)
    if not KINDS[kind].combines:
        return KINDS[kind].fit(x, rows, columns, horizons, **options)
    members = {name: fit(name, x, rows, horizons, columns) for name in options["members"]}
    fits = {name: Fits(model, model.margins(x), ()) for name, model in members.items()}
    return KINDS[kind].fit(fits, rows, horizons, np.ones(len(rows), dtype=bool), **options).model


@cache
def fitted(kind):
    """Return the model of a kind fitted to 400 people."""
    return fit(kind, *people())


def artifact_of(kind, model=None):
    """Return the model as an artifact, with a calibration, a pair of fits to halves, and what it says of people partly unknown."""
    x, rows = people()
    halves = tuple(fit(kind, x[half::2], rows.iloc[half::2]) for half in (0, 1))
    model, calibration = model or fitted(kind), Calibration(0.9, (0.1, 0.2, 0.3))
    return Artifact(
        kind,
        model,
        SPEC,
        HORIZONS,
        calibration,
        {"task": "contract", "treatment": "censor"},
        resampled=halves,
        unknown=fit_unknown(model, model.margins(x), calibration, x, rows, SPEC, HORIZONS),
    )
