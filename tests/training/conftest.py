"""A real store in a folder of its own, and models small enough to register by the dozen."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from features import FeatureSpec, FeatureTable
from features.console import run
from features.tasks import LineRules, Rules
from serving.artifact import Artifact, Calibration, save_artifact
from serving.models.linear import HorizonLogistic
from serving.store.champion import connect
from training import tracking
from training.__main__ import app
from training.estimators.design import fit_design
from training.gate.champion import beside_champion
from training.gate.verdict import ArtifactChecks
from training.places import GATE
from training.plan import Plan
from training.registry.candidates import register

_GOOD = {
    "auc": (0.80, 0.76, 0.84),
    "brier": (0.10, 0.09, 0.11),
    "ipa": (0.2, 0.1, 0.3),
    "oe_ratio": (1.0, 0.9, 1.1),
    "ici": (0.01, 0, 0.02),
}
_WITHOUT = {"oe_ratio_24m_without_m_protein": 1.0, "oe_ratio_24m_without_m_protein_lo": 0.9, "oe_ratio_24m_without_m_protein_hi": 1.1}
MEASURED = ArtifactChecks(True, 0, additivity=1e-9, harm={"m_protein": 0.9}, parity=0.0, rank_as_judged=0.95, mean_as_judged=1.0)
HASH = "0" * 16


@dataclass(frozen=True)
class Store:
    """A store of one task, and the way to put fitted candidates into it."""

    plan: Plan
    folder: Path

    def fitted(self, name="logistic", judged_hash="same", weighing_hash="same", **figures):
        """Return what evaluation leaves of a candidate whose figures at 24 months are those given."""
        spec = self.plan.task.features
        table = FeatureTable(
            pd.DataFrame({"patient_id": ["a", "b"]}),
            spec,
            {"task": "smm", "cohort_hash": HASH, "feature_hash": spec.feature_hash(), "source": "simulated"},
        )
        with tracking.training(self.plan.task, table, name) as training_id:
            judged = {"judged_hash": judged_hash, "weighing_hash": weighing_hash}
            run_id = tracking.start_run(self.plan.task, name, training_id, table, judged)
            tracking.log_params(run_id, {"evaluation.kind": "held_out"})
            artifact = _small_artifact(self.plan.task)
            save_artifact(artifact, self.folder / run_id)
            model_uri = tracking.log_model(run_id, self.folder / run_id, artifact)
            tracking.tag_run(run_id, "model_uri", model_uri)
        connect().log_dict(run_id, {"facts": asdict(MEASURED)}, GATE)  # as if the people held out had been here once
        of = _GOOD | {name: (value, value, value) for name, value in figures.items()}
        metrics = _WITHOUT | {
            f"{name}_24m{end}": value for name, values in of.items() for end, value in zip(("", "_lo", "_hi"), values, strict=True)
        }
        tracking.log_results(run_id, metrics)
        about = {"run_id": run_id, "model_uri": model_uri, "table": "nowhere", "cohort_hash": HASH, "feature_hash": spec.feature_hash()}
        return {name: {**about, "published": False, "metrics": metrics}}

    def register(self, name="logistic", judged_hash="same", **figures):
        """Fit, judge and register one candidate; return its version and what register says."""
        outcome = register(self.fitted(name, judged_hash, **figures), self.plan)
        return outcome["verdicts"][name]["version"], outcome


@pytest.fixture
def store(empty_database, smm_plan, tmp_path, monkeypatch):
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_database, tmp_path / "mlruns" / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    monkeypatch.setattr("training.registry.judgement.beside_champion", _beyond_doubt(beside_champion))
    few = {"worst_subgroup": "nobody is here of whom a subgroup could be made"}
    gate = replace(smm_plan.gate, auc_at_least=0.6, auc_loss_at_most=0.01, brier_loss_at_most=0.0, net_benefit_at=(), not_applicable=few)
    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))
    return Store(replace(smm_plan, task=replace(smm_plan.task, features=spec, horizons=(24,)), gate=gate), tmp_path)


def _beyond_doubt(compare):
    """Return a comparison by the figures logged, as of so many people that no difference has an interval of any width."""

    def compared(*given):
        found = compare(*given)
        both = found.champion.keys() & found.candidate.keys()
        return replace(found, difference={name: (found.candidate[name] - found.champion[name],) * 3 for name in both})

    return compared


@pytest.fixture
def small_artifact():
    """The way to make an artifact of two features, whose risk rises with M-protein."""
    return _small_artifact


def _small_artifact(task):
    columns = task.features.columns()
    values = {"m_protein__last__ever": np.linspace(0, 9, 100), "age": np.linspace(40, 90, 100)}
    rows = np.column_stack([values[name] for name in columns])
    design = fit_design(rows, columns, columns, indicate=False)
    model = HorizonLogistic(
        design, np.array([{"m_protein__last__ever": 0.5, "age": 0.1}[name] for name in columns]), np.array([-2.0]), columns
    )
    about = {
        "task": task.name,
        "population": "smm",
        "event": "progression",
        "competing_event": "death",
        "treatment": "censor",
        "criteria_guard": True,
        "reference": {name: {"p50": 1.0, "p01": 0.0, "p99": 9.0} for name in columns},
    }
    return Artifact("logistic", model, task.features, task.horizons, Calibration.identity(task.horizons), about)


# Another value of every rule there is, for the tasks that ship; a line of therapy cannot be asked about where treatment censors.
OTHER_RULES = {
    "treatment": {"treatment": "ignore"},
    "criteria_guard": {"criteria_guard": None},  # whichever it is not
    "population": {"population": "mm"},
    "event": {"event": "transplant"},
    "competing_event": {"competing_event": "transplant"},
    "landmarks": {"landmarks": (0, 12)},
    "line": {"treatment": "ignore", "line": LineRules()},
}


@pytest.fixture(params=[field.name for field in fields(Rules)])
def other_rule(request):
    """Each rule in turn: how messages name it, and the way to a plan whose task differs in it, and in what it needs, alone."""
    name = request.param

    def differing(plan):
        values = {"criteria_guard": not plan.task.rules.criteria_guard} if name == "criteria_guard" else OTHER_RULES[name]
        return replace(plan, task=replace(plan.task, rules=replace(plan.task.rules, **values)))

    return " .*, now .*; ".join(OTHER_RULES[name]), differing


@pytest.fixture
def call(capsys):
    """Return a function that runs a command line; it gives the exit code and all output, in which there is no traceback."""

    def call(line, door=app):
        with pytest.raises(SystemExit) as exited:
            run(door, shlex.split(line))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return exited.value.code or 0, captured.out + captured.err

    return call


@pytest.fixture
def command(store, root, monkeypatch, call):
    """Run a command line in the store's folder, with the parameters of its task; return exit code and all output."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["tasks"]["smm"] |= {"horizons": [24], "biomarkers": ["m_protein"], "look_backs": ["ever"]}
    params["tasks"]["smm"] |= {"statistics": ["last"], "static": ["age"], "burden": None}
    (store.folder / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(store.folder)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    return call


@pytest.fixture
def refused(command):
    """Run a command line that is refused with a hint and the words given."""

    def refused(line, *says):
        code, text = command(line)
        assert code == 1, text
        for words in says:
            assert words in text, text
        assert "Hint: " in text

    return refused


@pytest.fixture
def results(trained):
    """What evaluation wrote of the trained candidates, by name."""
    return json.loads((trained.folder / "evaluation" / "metrics.json").read_text())
