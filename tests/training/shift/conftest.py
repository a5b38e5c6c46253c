"""A task small enough to be fitted again many times."""

from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def quick(small_smm_task):
    cox = {"covariates": ["m_protein__last__ever", "bmpc__last__ever", "m_protein__delta_first__365d"], "penalty": 0.01}
    evaluation = replace(small_smm_task.evaluation, bootstrap=5)
    return replace(small_smm_task, models={"cox": cox}, horizons=(24, 60), evaluation=evaluation)
