"""The pyfunc: rows in, rows out; it says what it needs, and its requirements are what loading it imports."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest

from myeloma import UserError
from serving import mlflow_flavour
from serving.predict import explain, predict_risk
from serving.store.champion import connect
from tests.model_kinds import COLUMNS, artifact_of, people
from training.estimators import KINDS

every_kind = pytest.mark.parametrize("kind", sorted(KINDS))
X = people(40, seed=2)[0]


@pytest.fixture(scope="module")
def artifacts():
    return {kind: artifact_of(kind) for kind in KINDS}


def pyfunc_of(artifact):
    model = mlflow_flavour.RiskModel()
    model.artifact = artifact
    return lambda table: model.predict(SimpleNamespace(), table)


@every_kind
@pytest.mark.parametrize("index", [range(7, 47), [f"p{k}" for k in range(40)], [1] * 40])
def test_answers_stand_under_the_index_of_their_rows(artifacts, kind, index):
    table = pd.DataFrame(X, columns=COLUMNS, index=index)
    answers = pyfunc_of(artifacts[kind])(table)
    assert answers.index.equals(table.index)
    assert answers["risk_24m"].tolist() == predict_risk(artifacts[kind], X)[:, 1].tolist()


@every_kind
def test_no_rows_give_a_table_without_rows_and_with_every_column(artifacts, kind):
    asked = pyfunc_of(artifacts[kind])
    table = pd.DataFrame(X, columns=COLUMNS)
    assert asked(table.head(0)).columns.tolist() == asked(table).columns.tolist()
    assert len(asked(table.head(0))) == 0


@every_kind
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39, -1e300])
def test_what_is_infinite_for_one_kind_of_model_is_refused_by_all_and_its_column_named(artifacts, kind, value):
    x = X.copy()
    x[[3, 5], COLUMNS.index("hemoglobin__last__ever")] = value
    for ask in (explain, predict_risk):
        with pytest.raises(UserError, match=r"2 of 40 rows hold an infinite value.*hemoglobin__last__ever") as refused:
            ask(artifacts[kind], x)
        assert refused.value.code == "infinite"


@every_kind
@pytest.mark.parametrize("value", [5e-324, 1e-310, -1e-45, 1e-39, -0.0])
def test_what_is_zero_for_one_kind_of_model_is_zero_for_all(artifacts, kind, value):
    tiny, zero = X.copy(), X.copy()
    for x, stands in ((tiny, value), (zero, 0.0)):
        x[:, COLUMNS.index("hemoglobin__last__ever")] = stands
    assert predict_risk(artifacts[kind], tiny).tobytes() == predict_risk(artifacts[kind], zero).tobytes()
    assert explain(artifacts[kind], tiny).contributions.tobytes() == explain(artifacts[kind], zero).contributions.tobytes()


@pytest.fixture(scope="module")
def of_smoldering(artifacts):
    """A model that knows whom it is meant for."""
    about = {"population": "smm", "criteria_guard": True, "treatment": "censor", "reference": {}, "title": "", "training": {}}
    return replace(artifacts["boosting"], about=artifacts["boosting"].about | about)


def changed(history, **what):
    return json.dumps(history | what)


@pytest.mark.parametrize("index", [range(7, 10), ["a", "b", "b"]])
def test_histories_are_answered_row_by_row_and_a_faulty_one_stops_no_other(of_smoldering, history, index):
    asked = pyfunc_of(of_smoldering)
    histories = [changed(history, patient={}), json.dumps(history), changed(history, landmark="2021-12-31")]
    rows = pd.DataFrame({"history": histories}, index=index)
    answers = asked(rows)
    assert answers.index.equals(rows.index)
    assert answers["status"].tolist() == ["missing", "scored", "before_index"]
    assert answers.filter(like="__contribution__").notna().all(axis=1).tolist() == [False, True, False]
    assert answers["risk_24m"].between(0, 1).tolist() == [False, True, False]
    said = [json.loads(text) for text in answers["answer"]]
    assert [one["horizon_months"] for one in said[1]["risks"]] == list(of_smoldering.horizons)
    assert said[2]["errors"][0]["code"] == "before_index"


@pytest.mark.parametrize(
    "nothing", [None, np.nan, "", "null", "[]", "{", '"text"', "12", "NaN", '{"patient": {"index_date": "2022-01-10"}}']
)
def test_what_is_no_history_is_refused_and_never_a_number(artifacts, nothing):
    answers = pyfunc_of(artifacts["boosting"])(pd.DataFrame({"history": [nothing], COLUMNS[0]: [1.0]}))
    assert answers["status"].tolist() != ["scored"]
    assert json.loads(answers["answer"][0])["errors"]
    assert answers.drop(columns=["status", "answer"]).isna().all(axis=None)


def test_a_met_criterion_gives_an_answer_without_a_number(of_smoldering, history):
    clonal = {"collected_at": "2022-07-10", "biomarker": "bmpc", "value": 70, "unit": "%"}
    met = changed(history, measurements=[*history["measurements"], clonal])
    answers = pyfunc_of(of_smoldering)(pd.DataFrame({"history": [met]}))
    assert answers["status"].tolist() == ["criteria_met"]
    assert answers["risk_24m"].isna().all()


def test_no_history_gives_the_columns_of_feature_rows(artifacts):
    asked = pyfunc_of(artifacts["boosting"])
    none = asked(pd.DataFrame({"history": []}))
    assert none.columns.tolist() == asked(pd.DataFrame(X, columns=COLUMNS)).columns.tolist()
    assert len(none) == 0


LOAD = """
import ast, json, sys
from importlib.metadata import packages_distributions
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
model.predict(model.input_example)
ours = {"myeloma", "features", "serving"}
used = set()
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in ours and (path := getattr(module, "__file__", None)):
        for node in ast.walk(ast.parse(open(path, encoding="utf-8").read())):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                used.add((node.module or "").partition(".")[0])
used = {name for name in used - ours - set(sys.stdlib_module_names) if name in sys.modules}
holds = packages_distributions()
print(json.dumps(sorted({name if name in holds[name] else holds[name][0] for name in used})))
"""


@pytest.mark.slow
def test_the_requirements_of_a_model_are_what_loading_it_imports(trained, root):
    found = subprocess.run([sys.executable, "-c", LOAD, trained.uri], cwd=root, capture_output=True, text=True, check=True)
    used = {name.lower().removesuffix("-cpu") for name in json.loads(found.stdout.splitlines()[-1])}
    connect()
    required = [line.split("==") for line in mlflow.artifacts.load_text("models:/smm-progression@champion/requirements.txt").splitlines()]
    assert {name for name, _ in required} == used | {"mlflow"}  # which the flavour's own file imports, run from MLflow's copy of it
    assert all(version for _, version in required)


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("serving.artifact", "pip install dist/myeloma_precursor_risk-*.whl"),
        ("myeloma", "myeloma-precursor-risk, which is not installed here"),
        ("numba", "needs numba, which is not installed here. Hint: pip install -r requirements.txt"),
    ],
)
def test_a_machine_without_our_packages_is_told_what_to_install(missing, says, root):
    code = f"""
import importlib.util
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Missing())
spec = importlib.util.spec_from_file_location("flavour", {mlflow_flavour.__file__!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]
