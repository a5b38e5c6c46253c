"""What is said, or refused, before anything is fitted."""

from dataclasses import replace

import pytest

from myeloma import ConfigError
from training.estimators import check_models


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ({"ensemble": {"members": ["boosting", "logistik"]}}, "logistik"),
        ({"cox": {"covariates": ["m_protein__last__evr"]}}, "m_protein__last__ever"),
        ({"forest": {}}, "Unknown model"),
        ({"logistic": {"penalties": ["strong"]}}, r"tasks\.smm\.models\.logistic"),
    ],
)
def test_a_mistake_in_any_model_is_found_before_the_first_is_fitted(smm_task, models, says):
    with pytest.raises(ConfigError, match=says):
        check_models(replace(smm_task, models={**smm_task.models, **models}))
