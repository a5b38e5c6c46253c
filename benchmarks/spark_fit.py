"""xgboost.spark on a feature table: the same weighted rows of one horizon, on a session of this machine, beside the product's fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features import read_table
from myeloma.calendar import horizon_days
from serving.models import logistic
from training.estimators.censoring_strata import with_censoring_strata
from training.estimators.kinds.boosting import direction_of_harm, fit_boosting
from training.estimators.stacking import stack
from training.metrics import horizon_metrics
from training.plan import Plan
from training.rows.censoring import FollowUp
from training.rows.split import evaluation_folds


def spark_auc(path: Path, plan: Plan, folder: Path, months: int) -> tuple[float, float]:
    """Return the AUC on people held out of a fit by xgboost.spark and of the product's, both to one horizon without hidden copies."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql.functions import col
    from xgboost.spark import SparkXGBClassifier

    from features.spark.session import spark_session

    table = read_table(path)
    columns = table.spec.columns()
    fold = evaluation_folds(table.rows, plan.evaluation)[0]
    rows, judged = (with_censoring_strata(table.rows.iloc[part], table.spec) for part in (fold.fit, fold.judge))
    options = plan.models["boosting"] | {"hidden_share": 0.0}
    stacked = stack(rows, (months,), options["weighting"])
    known = rows.iloc[stacked.row][columns].assign(label=stacked.y, weight=stacked.weight)
    known.to_parquet(folder / "known.parquet", index=False)
    judged[columns].assign(row=np.arange(len(judged))).to_parquet(folder / "judged.parquet", index=False)
    classifier = SparkXGBClassifier(
        features_col=columns,
        label_col="label",
        weight_col="weight",
        num_workers=1,
        n_estimators=options["rounds"],
        max_depth=options["depth"],
        learning_rate=options["eta"],
        min_child_weight=options["min_child_weight"],
        subsample=options["subsample"],
        colsample_bynode=options["colsample"],
        reg_lambda=options["l2"],
        monotone_constraints="(" + ",".join(str(direction_of_harm(name)) for name in columns) + ")",
        seed=options["seed"],
    )
    with spark_session() as spark:
        model = classifier.fit(spark.read.parquet(str(folder / "known.parquet")))
        scored = model.transform(spark.read.parquet(str(folder / "judged.parquet")))
        found: pd.DataFrame = scored.select("row", vector_to_array(col("probability"))[1].alias("risk")).toPandas().sort_values("row")
    ours = fit_boosting(rows[columns].to_numpy(dtype=float), rows, columns, (months,), **options)
    follow_up, days = FollowUp.of(judged), float(horizon_days(months))
    own = logistic(ours.margins(judged[columns].to_numpy(dtype=float)))[:, 0]
    both = (horizon_metrics(follow_up, risk, days)["auc"] for risk in (found["risk"].to_numpy(), own))
    spark_found, product = (float(auc) for auc in both)
    return spark_found, product
