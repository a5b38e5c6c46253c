"""A treated person in a table of text, and an artifact of a task about the first line of therapy: what answers say, whatever the model."""

import numpy as np
import pandas as pd

from features import Cohort
from features.history.arrays import Histories
from features.tasks import parse_task
from myeloma.calendar import EPOCH
from serving.artifact import Artifact, Calibration

START = "2020-02-01"


class Silent:
    """Stands in for a model: one risk for all, to which each column adds."""

    start = "nothing"

    def __init__(self, columns):
        self.columns = columns

    def margins(self, x):
        return np.zeros((len(x), 1))

    def contributions(self, x):
        return np.full((len(x), 1, self.columns), 0.2)


def artifact_of(*look_backs, reference=None, **line):
    content = {"title": "Relapse", "criteria_guard": False, "treatment": "ignore", "horizons": [12], "static": ["age"]}
    content |= {"biomarkers": ["creatinine"], "look_backs": list(look_backs), "statistics": ["last"], "population": "mm"}
    task = parse_task("relapse", content | {"line": {"number": 1, "from_days": 90, **line}})
    spec, about = task.features, {"task": task.name, **task.rules.as_json(), "reference": reference or {}}
    model = Silent(len(spec.columns()))
    return Artifact("logistic", model, spec, task.horizons, Calibration.identity(task.horizons), about)


def day(text):
    return pd.Timestamp(text).toordinal() - EPOCH


def histories_of(results, *events):
    """Return the history of one treated person, of a table in text: biomarker, value, drawn, known.

    Of events beside the start: day, kind, line.
    """
    rows = [line.split() for line in results.splitlines() if line]
    measured = pd.DataFrame([[*row[:3], row[-1]] for row in rows], columns=["biomarker", "value", "collected_at", "available_at"])
    measured = measured.assign(patient_id="A", operator=[value[0] if value[0] in "<>" else "" for value in measured["value"]])
    measured["value"] = measured["value"].str.lstrip("<>").astype(float)
    for name in ("collected_at", "available_at"):
        measured[name] = pd.to_datetime(measured[name])
    patient = {"patient_id": "A", "index_date": pd.Timestamp("2018-01-01"), "age_at_index": 60.0, "birth_date": pd.NaT, "sex": "female"}
    patients = pd.DataFrame([patient | {"site": "", "stage": "mm", "heavy_chain": "IgG", "light_chain": "kappa", "fish": ""}])
    happened = pd.DataFrame([(START, "treatment_start", 1), *events], columns=["occurred_at", "kind", "line"])
    happened = happened.assign(patient_id="A", detail="VRd", line=happened["line"].astype("Int16"))
    happened["occurred_at"] = pd.to_datetime(happened["occurred_at"])
    return Histories.of(Cohort(patients, measured, happened), operators=True)
