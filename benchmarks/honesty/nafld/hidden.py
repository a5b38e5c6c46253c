"""Observed over expected on people held out, with every value of one biomarker taken away.

Run: python -m benchmarks.honesty.nafld.hidden TABLE PARAMS, with MYELOMA_CATALOGUE set: a process reads one catalogue. It prints CSV.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable, read_table
from serving.artifact import feature_matrix
from serving.predict import predict_risk
from training.estimators import Fitted, fit_candidate
from training.estimators.censoring_strata import with_censoring_strata
from training.metrics import Draws
from training.metrics.decision import Key
from training.metrics.figures import figures
from training.metrics.sample import Sample
from training.plan import Plan, load_plan
from training.rows.split import evaluation_folds

Array = NDArray[np.float64]


def hidden_figures(table: FeatureTable, plan: Plan) -> pd.DataFrame:
    """Return observed over expected of each model on the rows held out, by the biomarker hidden from all of them.

    The models are those that `fit` judges: fitted to the other people, whose values are all there. Everybody held out loses the
    biomarker, whatever its value, so those of whom it is hidden are the average.

    Returns
    -------
    DataFrame
        hidden (empty where nothing is), model, horizon, estimate, lo, hi; the interval is a bootstrap's by patient, 95 %.
    """
    (fold,) = evaluation_folds(table.rows, plan.evaluation)
    fit, judged = (with_censoring_strata(table.rows.iloc[part], table.spec) for part in (fold.fit, fold.judge))
    judged = judged.reset_index(drop=True)
    fitted: dict[str, Fitted] = {}
    risks: dict[str, Array] = {}
    for name in plan.models:
        fitted[name] = fit_candidate(fit, table.spec, plan, name, {}, fitted)
        artifact = fitted[name].artifact
        for hidden in ("", *table.spec.biomarkers):
            x = feature_matrix(artifact, judged).copy()
            if hidden:
                x[:, artifact.groups[hidden]] = np.nan
            risks[f"{name}/{hidden}"] = predict_risk(artifact, x)
    draws = Draws.of(judged["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    found = figures(judged, risks, plan.task.horizons, draws, _observed_over_expected)
    found = found[found["measure"] == "oe_ratio"].reset_index(drop=True)
    names = found["model"].str.split("/", expand=True)
    return found.assign(model=names[0], hidden=names[1])[["hidden", "model", "horizon", "estimate", "lo", "hi"]]


def _observed_over_expected(sample: Sample, risk: Array) -> dict[Key, Array]:
    return {("oe_ratio", None): sample.cases / (sample.counts @ risk)}


if __name__ == "__main__":
    hidden_figures(read_table(Path(sys.argv[1])), load_plan("nafld", Path(sys.argv[2]))).to_csv(sys.stdout, index=False)
