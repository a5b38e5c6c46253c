"""What is said, or refused, before anything is fitted."""

from dataclasses import replace

import pandas as pd
import pytest

from myeloma import ConfigError
from training.estimators import check_models
from training.fit import judged_hash


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ({"ensemble": {"members": ["boosting", "logistik"]}}, "logistik"),
        ({"cox": {"covariates": ["m_protein__last__evr"]}}, "m_protein__last__ever"),
        ({"cox": {"covariates": ["age"] * 13}}, "at most 12 covariates, not 13"),
        ({"forest": {}}, "Unknown model"),
        ({"logistic": {"penalties": ["strong"]}}, r"tasks\.smm\.models\.logistic"),
    ],
)
def test_a_mistake_in_any_model_is_found_before_the_first_is_fitted(smm_task, models, says):
    with pytest.raises(ConfigError, match=says):
        check_models(replace(smm_task, models={**smm_task.models, **models}))


@pytest.mark.parametrize(
    ("column", "other"), [("patient_id", "c"), ("fold", 1), ("event", "none"), ("time_to_event", 700.0), ("risk_24m", None)]
)
def test_figures_compare_where_people_split_and_outcomes_are_the_same_whatever_the_risks(column, other):
    judged = pd.DataFrame({"patient_id": ["a"], "landmark": pd.Timestamp("2020-01-01"), "fold": 0, "event": "progression"})
    judged = judged.assign(time_to_event=300.0, risk_24m=0.1)
    assert (judged_hash(judged) == judged_hash(judged.assign(**{column: other}))) == (column == "risk_24m")
