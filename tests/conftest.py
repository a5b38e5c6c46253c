"""Shared fixtures: the repository's tasks, and a small store with trained champions, made once for all workers."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before anything loads OpenMP; see features.console
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from features import build_table, read_cohort, write_table
from features.cohort.schema import Cohort
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.quality import clean
from features.simulation.smm import simulate
from features.sources import read_mgus2
from serving.store.client import connect
from tests.pictures import draw_nothing
from training.plan import load_plan
from training.registry.relocate import PLACES  # where the store's database says where files are

ROOT = Path(__file__).parents[1]
settings.register_profile("any machine", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("any machine")


@dataclass(frozen=True)
class Trained:
    """A folder as `make train` leaves it, for a small simulated cohort: cohort, table, fit, evaluation, store."""

    folder: Path
    cohort: Path
    uri: str


_UMASK = os.umask(0o022)
os.umask(_UMASK)


@pytest.fixture(autouse=True)
def umask():
    """Give back what a command that ran in this process took from new files: a server of another user could not read its own."""
    os.umask(_UMASK)
    yield
    os.umask(_UMASK)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def smm_plan():
    return load_plan("smm", ROOT / "params.yaml")


@pytest.fixture(scope="session")
def mgus_plan():
    return load_plan("mgus", ROOT / "params.yaml")


@pytest.fixture(scope="session")
def smm_task(smm_plan):
    return smm_plan.task


@pytest.fixture(scope="session")
def mgus_task(mgus_plan):
    return mgus_plan.task


@pytest.fixture(scope="session")
def mgus_table(mgus_task):
    return build_table(clean(read_mgus2(ROOT / "data/mgus2"))[0], mgus_task)


@pytest.fixture(scope="session")
def smm_cohort():
    return clean(simulate(300, seed=7))[0]


@pytest.fixture(scope="session")
def silent_cohort(smm_cohort):
    """People of whom some have no event, one no measurement, and one neither."""
    silent = smm_cohort.patients.iloc[[0, 5]].assign(patient_id=["S000000", "S000003x"])
    patients = pd.concat([smm_cohort.patients, silent]).sort_values("patient_id", ignore_index=True)
    event = smm_cohort.events.iloc[[0]].assign(patient_id="S000000")
    events = pd.concat([event, smm_cohort.events[smm_cohort.events["patient_id"] > "S000040"]], ignore_index=True)
    return Cohort(patients, smm_cohort.measurements, events)


@pytest.fixture(scope="session")
def smm_table(smm_cohort, smm_task):
    return build_table(smm_cohort, smm_task)


@pytest.fixture(scope="session")
def small_smm_plan(smm_plan):
    """The plan for the smm task with small models: what is tested is the line, not the figures."""
    boosting = {**smm_plan.models["boosting"], "rounds": 25, "eta": 0.1}
    models = {**smm_plan.models, "boosting": boosting, "logistic": {"penalties": [0.01]}}
    few = {"worst_subgroup": "300 people have no subgroup of 50 events", "known_harm": "small models"}
    easy = {
        "ici_at_most": 1.0,
        "net_benefit_at": (),
        "subgroup_oe_ratio_between": (0.1, 10.0),
        "auc_loss_at_most": 1.0,
    }
    doubt = dict.fromkeys(("auc", "ipa", "oe_ratio", "ici", "worst_subgroup"), "300 people show little")
    gate = replace(smm_plan.gate, auc_at_least=0.5, oe_ratio_between=(0.3, 3.0), not_applicable=few, doubt_accepted=doubt, **easy)
    evaluation = replace(smm_plan.evaluation, bootstrap=10)
    scores = ("mayo_2018", "pangea_smm")
    return replace(smm_plan, models=models, scores=scores, gate=gate, evaluation=evaluation, interval_fits=2)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Return a function that makes a folder of a name once for all workers of this run; whoever comes second waits for it.

    What lies in it is everybody's: tests read it, and write elsewhere.
    """
    own = tmp_path_factory.getbasetemp()
    everybodys = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made_once"

    def made_once(name, make):
        folder = everybodys / name
        done = folder / "done"
        everybodys.mkdir(exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not done.is_file():
                shutil.rmtree(folder, ignore_errors=True)  # what a worker that broke off has left
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made_once


@pytest.fixture(scope="session")
def hasty():
    """Let SQLite stores not wait for the disk: each of MLflow's many small steps would, and no test cuts the power."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def hasten(connection, _):
        if isinstance(connection, sqlite3.Connection):
            with suppress(sqlite3.DatabaseError):  # a file that is none is for the test to find: raised here MLflow would try for minutes
                connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def empty_database(hasty, made_once):
    """A store with its tables made, which takes MLflow seconds; tests copy it."""

    def make(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
            connect(create=True).search_experiments()

    return made_once("empty_store", make) / "mlflow.db"


@pytest.fixture(scope="session")
def trained(hasty, made_once, empty_database, tmp_path_factory, small_smm_plan):
    """Five models fitted, judged and registered: made once for all workers, each of which works on a copy of its own."""
    original = made_once("trained", lambda folder: _train(folder, small_smm_plan, empty_database))
    folder = shutil.copytree(original, tmp_path_factory.mktemp("trained") / "here")
    database = folder / "mlruns" / "mlflow.db"
    with closing(sqlite3.connect(database)) as store, store:
        for table, column in PLACES:
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", [str(original), str(folder)])
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()  # by the id of a run it remembers where the files lay that were copied
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
        yield Trained(folder, folder / "cohort", os.environ["MLFLOW_TRACKING_URI"])


def _train(folder, plan, database):
    """Do what `make train` does to a small cohort."""
    from training.evaluation.evaluate import evaluate_task
    from training.fitting.fit import fit_task
    from training.registry.candidates import register

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}")
        (folder / "mlruns").mkdir()
        shutil.copy(database, folder / "mlruns" / "mlflow.db")
        ingest(simulate(300, seed=7), folder / "cohort", Steps(quiet=True))
        table = build_table(read_cohort(folder / "cohort"), plan.task)
        write_table(table, folder / "table.parquet")
        fit_task(table, plan, folder / "fit", None, lambda text: None, folder / "table.parquet")
        with pytest.MonkeyPatch.context() as undrawn:
            draw_nothing(undrawn)
            results = evaluate_task(table, plan, folder / "fit", folder / "evaluation", lambda text: None)
        register(results, plan)  # a card draws its own pictures, which one written later is compared with


@pytest.fixture
def nothing_drawn(monkeypatch):
    """Pictures are laid out and not drawn; tests/end_to_end draws them."""
    draw_nothing(monkeypatch)
