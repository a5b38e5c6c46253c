"""Shared fixtures: the repository's tasks, and a small store with trained champions, made once per worker."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before anything loads OpenMP; see features.console

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from features import build_table, load_task, read_cohort, write_table
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.quality import clean
from features.simulation.smm import simulate
from features.sources import read_mgus2

ROOT = Path(__file__).parents[1]
settings.register_profile("any machine", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("any machine")


@dataclass(frozen=True)
class Trained:
    """A folder as `make train` leaves it, for a small simulated cohort: cohort, table, fit, evaluation, store."""

    folder: Path
    cohort: Path
    uri: str


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def smm_task():
    return load_task("smm", ROOT / "params.yaml")


@pytest.fixture(scope="session")
def mgus_task():
    return load_task("mgus", ROOT / "params.yaml")


@pytest.fixture(scope="session")
def mgus_table(mgus_task):
    return build_table(clean(read_mgus2(ROOT / "data/mgus2"))[0], mgus_task)


@pytest.fixture(scope="session")
def smm_cohort():
    return clean(simulate(300, seed=7))[0]


@pytest.fixture(scope="session")
def smm_table(smm_cohort, smm_task):
    return build_table(smm_cohort, smm_task)


@pytest.fixture(scope="session")
def small_smm_task(smm_task):
    """The smm task with small models: what is tested is the line, not the figures."""
    boosting = {**smm_task.models["boosting"], "rounds": 25, "parallel_trees": 1}
    models = {**smm_task.models, "boosting": boosting, "logistic": {"penalties": [0.01]}}
    easy = {"ici_at_most": 1.0, "net_benefit_at": (), "subgroup_oe_ratio_between": (0.1, 10.0), "auc_loss_at_most": 1.0}
    gate = replace(smm_task.gate, auc_at_least=0.5, oe_ratio_between=(0.3, 3.0), **easy)
    evaluation = replace(smm_task.evaluation, bootstrap=10)
    return replace(smm_task, models=models, gate=gate, evaluation=evaluation, interval_fits=2)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, small_smm_task):
    from training.evaluation.evaluate import evaluate_task
    from training.fitting.fit import fit_task
    from training.registry.candidates import register

    folder = tmp_path_factory.mktemp("trained")
    uri = f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}"
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    ingest(simulate(300, seed=7), folder / "cohort", Steps(quiet=True))
    table = build_table(read_cohort(folder / "cohort"), small_smm_task)
    write_table(table, folder / "table.parquet")
    fit_task(table, small_smm_task, folder / "fit", None, lambda text: None, folder / "table.parquet")
    results = evaluate_task(table, small_smm_task, folder / "fit", folder / "evaluation", lambda text: None)
    register(results, small_smm_task)
    yield Trained(folder, folder / "cohort", uri)
    if before is None:
        del os.environ["MLFLOW_TRACKING_URI"]
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before
