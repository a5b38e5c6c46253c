"""A task small enough to be fitted again many times."""

from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def quick(small_smm_plan):
    cox = {"covariates": ["m_protein__last__ever", "bmpc__last__ever", "m_protein__delta_first__365d"], "penalty": 0.01}
    evaluation = replace(small_smm_plan.evaluation, bootstrap=5)
    return replace(small_smm_plan, task=replace(small_smm_plan.task, horizons=(24, 60)), models={"cox": cox}, evaluation=evaluation)
