"""A task with anchored windows, from tables of text to an answer: the streamed table, a batch and one request see the same columns."""

import numpy as np
import pandas as pd
import pytest

from features import build_table, episodes_of, read_cohort, read_table
from features.console import Steps
from features.history.arrays import Histories
from features.intake.ingest import ingest
from features.sources.tabular import read_tabular
from features.table.build import build_file
from features.tasks import parse_task
from serving.answer.person import answer_history
from serving.answer.scored import seen_by
from serving.artifact import Artifact, Calibration
from serving.http.request import Event, History, Measurement, Patient, checked

TASK = parse_task(
    "relapse",
    {
        "title": "Relapse",
        "criteria_guard": False,
        "treatment": "ignore",
        "biomarkers": ["m_protein", "flc_ratio", "bmpc"],
        "look_backs": ["365d", "baseline", "since_line", "since_nadir"],
        "statistics": [
            *("last", "count", "slope", "pct_min", "days_since_min", "delta_3m", "delta_baseline", "pct_baseline"),
            *("reported_below", "limit", "below_0.5", "days_below_0.5"),
        ],
        "static": ["age"],
        "horizons": [12],
    },
)
MONTHS = 18


def dated(day):
    return "" if day == "" else str(np.datetime64("2018-01-01") + day)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Forty people as text: a line or two, some without a number, some without any, results late, below a limit, in other units."""
    rng = np.random.default_rng(5)
    results, events = [], []
    for k in range(40):
        start = int(rng.integers(30, 200))
        for month in range(MONTHS):
            day = 30 * month + int(rng.integers(0, 9))
            fallen = 20.0 * np.exp(-max(0, day - start) / 150) + 3.0 * rng.random()
            cell = f"{fallen:.1f}" if fallen > 5 else "<5"
            results.append((f"P{k}", day, day + int(rng.integers(0, 20)), "m_protein", cell, "g/L"))
            if month % 4 == 0:
                results += [(f"P{k}", day, "", name, f"{v:.2f}", "mg/L") for name, v in (("flc_kappa", 9 * fallen), ("flc_lambda", 11.0))]
                results.append((f"P{k}", day, "", "bmpc", "<1" if day > start + 150 else "15", "%"))
        if k % 5:
            events.append((f"P{k}", start, "treatment_start", "VRd", 1 if k % 2 else ""))
            events.append((f"P{k}", start + 120, "treatment_stop", "VRd", ""))
        if k % 3 == 1:
            events.append((f"P{k}", start + 250, "treatment_start", "DKd", 2))
        events.append((f"P{k}", 700, "last_contact", "", ""))
    folder = tmp_path_factory.mktemp("treated")
    measurements = pd.DataFrame(results, columns=["patient_id", "collected_at", "available_at", "biomarker", "value", "unit"])
    happened = pd.DataFrame(events, columns=["patient_id", "occurred_at", "kind", "detail", "line"])
    for frame, columns in ((measurements, ["collected_at", "available_at"]), (happened, ["occurred_at"])):
        frame[columns] = frame[columns].map(dated)
    patients = pd.DataFrame(
        {"patient_id": [f"P{k}" for k in range(40)], "index_date": "2018-01-01", "age_at_index": "61", "light_chain": "kappa"}
    )
    for name, frame in (("patients", patients), ("measurements", measurements), ("events", happened)):
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """The cohort, and its table made in many blocks."""
    folder = tmp_path_factory.mktemp("built")
    ingest(read_tabular(source), folder / "cohort", Steps(quiet=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.table.build.measurements_within", lambda memory, task: 150)
        build_file(folder / "cohort", folder / "table.parquet", TASK)
    return read_cohort(folder / "cohort"), read_table(folder / "table.parquet")


class Seen:
    """Stands in for a model: keeps what it is shown."""

    start = "nothing"

    def margins(self, x):
        self.x = x
        return np.zeros((len(x), 1))

    def contributions(self, x):
        return np.zeros((len(x), 1, x.shape[1]))


def artifact_of(model):
    about = {"task": TASK.name, **TASK.rules.as_json(), "reference": {}}
    return Artifact("logistic", model, TASK.features, TASK.horizons, Calibration.identity(TASK.horizons), about)


def test_the_table_holds_every_part_of_treatment(built):
    cohort, table = built
    assert episodes_of(cohort)["line"].value_counts().to_dict() == {1: 32, 2: 13}
    assert table.rows["m_protein__pct_baseline__since_line"].min() < -50
    assert set(table.rows["m_protein__reported_below__since_line"].dropna()) == {0.0, 1.0}
    assert table.rows["m_protein__count__since_line"].isna().any(), "before the line there is no window"


def test_the_blocks_leave_no_trace_in_anchored_columns(built):
    cohort, table = built
    pd.testing.assert_frame_equal(build_table(cohort, TASK).rows, table.rows, check_exact=True)


def test_one_request_sees_the_columns_of_the_table_to_the_last_bit(built, source):
    _, table = built
    cells = {name: pd.read_csv(source / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("measurements", "events")}
    for person, rows in list(table.rows.groupby("patient_id"))[:8]:
        received = {name: frame[frame["patient_id"] == person].to_dict("records") for name, frame in cells.items()}
        request = History(
            patient=Patient(index_date="2018-01-01", age_at_index=61, light_chain="kappa"),
            measurements=[Measurement(**{k: v for k, v in cell.items() if v and k != "patient_id"}) for cell in received["measurements"]],
            events=[
                Event(occurred_at=e["occurred_at"], kind=e["kind"], detail=e["detail"], line=int(e["line"]) if e["line"] else None)
                for e in received["events"]
            ],
        )
        history, _ = checked(request)
        for _, row in rows.iterrows():
            model = Seen()
            answer_history(artifact_of(model), history, (row["landmark"] - pd.Timestamp("1970-01-01")).days)
            np.testing.assert_array_equal(model.x[0], row[table.spec.columns()].to_numpy(dtype=float))


def test_a_batch_sees_the_columns_of_the_table_to_the_last_bit(built):
    cohort, table = built
    artifact = artifact_of(Seen())
    place = pd.Index(cohort.patients["patient_id"]).get_indexer(table.rows["patient_id"]).astype(np.int32)
    day = table.rows["landmark"].to_numpy().astype("datetime64[D]").astype(np.int32)
    view = seen_by(artifact, Histories.of(cohort, artifact.spec.asks_operators), place, day)
    np.testing.assert_array_equal(view.features(TASK.features), table.rows[table.spec.columns()].to_numpy())
