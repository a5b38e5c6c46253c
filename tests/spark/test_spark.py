"""Spark on this machine, in several partitions and from shuffled files: of each person the bits of the local engine. One session."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from features import read_table, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from features.console import run
from features.table.build import build_file
from myeloma import DataError, StateError
from serving.artifact import load_artifact
from serving.store.champion import connect, load_champion
from serving.stream import Asked, score_file
from tests.serving.conftest import HISTORY

pytestmark = [pytest.mark.slow, pytest.mark.spark]
PARTITIONS = 2


def java():
    """Return Java's program, None where there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home, "bin")) if home else None)


@pytest.fixture(scope="module")
def session():
    """Start Spark, so that whatever these tests call finds it running: several partitions, also of few people."""
    pytest.importorskip("pyspark", reason='pyspark is not installed: pip install "myeloma-precursor-risk[spark]"')
    if java() is None:
        pytest.skip("Java is not installed: apt-get install openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    from features.spark.session import _started

    builder = SparkSession.builder.master("local[2]").appName("tests")
    few = {"spark.sql.shuffle.partitions": PARTITIONS, "spark.sql.adaptive.enabled": "false", "spark.driver.memory": "1g"}
    few["spark.driver.extraJavaOptions"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # short jobs: less is compiled
    for name, value in few.items():
        builder = builder.config(name, value)
    session = _started(builder)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def cohort(silent_cohort):
    return replace(silent_cohort, about={**silent_cohort.about, "hash": "0123456789abcdef"})


@pytest.fixture(scope="module")
def folder(cohort, tmp_path_factory):
    """The cohort as `ingest` leaves it."""
    folder = tmp_path_factory.mktemp("spark") / "cohort"
    write_cohort(cohort, folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return folder


@pytest.fixture(scope="module")
def shuffled(folder):
    """The same, of which each table is a folder of files whose rows stand in any order."""
    other = folder.with_name("shuffled")
    other.mkdir()
    shutil.copy(folder / "cohort.json", other)
    for name in ("patients", "events", "measurements"):
        rows = parquet.read_table(folder / f"{name}.parquet")
        rows = rows.take(np.random.default_rng(3).permutation(rows.num_rows))
        (other / f"{name}.parquet").mkdir()
        for k in range(4):
            part = rows.slice(k * rows.num_rows // 4, (k + 1) * rows.num_rows // 4 - k * rows.num_rows // 4)
            parquet.write_table(part, other / f"{name}.parquet" / f"part-{k}.parquet")
    return other


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "ensemble" / "artifact", {"model_name": "smm-progression", "model_version": "3"})


def parts_of(folder):
    return sorted(folder.glob("part-*.parquet"))


def in_days(frame):
    return frame.astype({name: "datetime64[ns]" for name in frame if frame[name].dtype.kind == "M"})


@pytest.mark.parametrize("asked", [Asked(), Asked(every_visit=True), Asked(day=16_000)], ids=["last", "every", "on a day"])
def test_scores_are_those_of_the_local_engine_to_the_last_bit(session, artifact, folder, shuffled, tmp_path, asked):
    from serving.spark import score_with_spark

    told = score_with_spark(artifact, str(shuffled), str(tmp_path / "spark.parquet"), asked)
    assert told == score_file(artifact, folder, tmp_path / "local.parquet", asked, lambda done, total: None)
    theirs, ours = (in_days(pd.read_parquet(tmp_path / f"{name}.parquet")) for name in ("local", "spark"))
    pd.testing.assert_frame_equal(ours.sort_values(["patient_id", "landmark"], ignore_index=True), theirs, check_exact=True)
    assert len(parts_of(tmp_path / "spark.parquet")) == PARTITIONS
    people = [set(pd.read_parquet(part, columns=["patient_id"])["patient_id"]) for part in parts_of(tmp_path / "spark.parquet")]
    assert sum(map(len, people)) == len(set.union(*people)), "nobody is divided"
    assert {"S000000", "S000003x"} <= set.union(*people) or asked.every_visit
    assert sorted(path.name for path in tmp_path.iterdir()) == ["local.parquet", "spark.parquet"]
    assert (tmp_path / "spark.parquet").stat().st_mode & 0o077 == 0


def test_a_feature_table_is_that_of_the_local_engine_to_the_last_bit(session, folder, shuffled, smm_task, tmp_path):
    from features.spark.build import build_with_spark

    summary = build_with_spark(str(shuffled), str(tmp_path / "spark.parquet"), smm_task, 10**9)
    assert summary == build_file(folder, tmp_path / "local.parquet", smm_task, 10**9)
    ours, theirs = (read_table(tmp_path / f"{name}.parquet") for name in ("spark", "local"))
    assert ours.rows.equals(theirs.rows)
    assert ours.about == theirs.about
    assert ours.content_hash() == theirs.content_hash()
    assert len(parts_of(tmp_path / "spark.parquet")) == PARTITIONS


def test_the_command_lines_write_a_folder_and_say_what_they_say_without_spark(session, trained, tmp_path, capsys, monkeypatch, root):
    from features.__main__ import app as features_app
    from serving.__main__ import app as serving_app

    monkeypatch.chdir(root)
    said = {}
    for engine in ("local", "spark"):
        for app, line in (
            (serving_app, f"score {trained.cohort} --task smm --out {tmp_path}/{engine}.parquet --engine {engine} --json"),
            (features_app, f"build {trained.cohort} {tmp_path}/{engine}-table.parquet --task smm --engine {engine} --json"),
        ):
            with pytest.raises(SystemExit) as ended:
                run(app, line.split())
            assert not ended.value.code
        said[engine] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        said[engine][0].pop("out")
    assert said["spark"] == said["local"]
    assert (tmp_path / "spark.parquet" / "_SUCCESS").is_file()


def spoilt(folder, place, table, change):
    shutil.copytree(folder, place)
    rows = change(parquet.read_table(place / f"{table}.parquet"))
    parquet.write_table(rows, place / f"{table}.parquet")
    return place


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("patients", lambda rows: rows.slice(0, rows.num_rows - 1), "measurements of somebody who is not among its patients"),
        ("measurements", lambda rows: rows.drop_columns("value"), r"does not follow the cohort's schema \(value\)"),
    ],
)
def test_what_a_worker_refuses_is_refused_here_in_its_words_and_leaves_nothing(session, artifact, folder, tmp_path, table, change, says):
    from serving.spark import score_with_spark

    place = spoilt(folder, tmp_path / "cohort", table, change)
    with pytest.raises(DataError, match=says) as refused:
        score_with_spark(artifact, str(place), str(tmp_path / "risks.parquet"), Asked())
    assert "S0000" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort"]


@pytest.mark.parametrize("table", ["patients", "measurements", "events"])
@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1")], ids=["missing", "damaged"])
def test_a_file_that_is_missing_or_damaged_is_named(session, folder, smm_task, tmp_path, table, spoil):
    from features.spark.build import build_with_spark

    shutil.copytree(folder, tmp_path / "cohort")
    spoil(tmp_path / "cohort" / f"{table}.parquet")
    with pytest.raises(DataError, match=rf"{table}.parquet (is missing|cannot be read as Parquet)"):
        build_with_spark(str(tmp_path / "cohort"), str(tmp_path / "table.parquet"), smm_task, 10**9)
    assert not (tmp_path / "table.parquet").exists()


def test_a_model_that_was_changed_on_its_way_is_refused(session, artifact, folder, tmp_path, monkeypatch):
    from serving import spark

    plain = spark._packed

    def changed(artifact):
        shipped = plain(artifact)
        return shipped._replace(files=shipped.files | {"model.json": shipped.files["model.json"] + b" "}, key="another")

    monkeypatch.setattr(spark, "_packed", changed)
    with pytest.raises(StateError, match=r"not as it was sealed: model.json was changed") as refused:
        spark.score_with_spark(artifact, str(folder), str(tmp_path / "risks.parquet"), Asked())
    assert refused.value.code == "seal"


def test_an_address_takes_the_place_of_a_folder_and_nothing_there_is_replaced(session, folder, smm_task, tmp_path):
    from features.spark.build import build_with_spark

    place, out = folder.as_uri(), f"{tmp_path.as_uri()}/table.parquet"
    build_with_spark(place, out, smm_task, 10**9)
    build_file(folder, tmp_path / "local.parquet", smm_task, 10**9)
    assert read_table(tmp_path / "table.parquet").rows.equals(read_table(tmp_path / "local.parquet").rows)
    with pytest.raises(StateError, match="There is something at"):
        build_with_spark(place, out, smm_task, 10**9)
    with pytest.raises(StateError, match="There is no cohort at"):
        build_with_spark(tmp_path.as_uri(), f"{out}2", smm_task, 10**9)


def test_no_landmark_at_risk_is_refused_and_leaves_nothing(session, folder, smm_task, tmp_path):
    from features.spark.build import build_with_spark

    nobody = replace(smm_task, rules=replace(smm_task.rules, population="mgus"))
    with pytest.raises(DataError, match="No landmark is left"):
        build_with_spark(str(folder), str(tmp_path / "table.parquet"), nobody, 10**9)
    assert list(tmp_path.iterdir()) == []


def test_the_registered_model_is_a_function_of_spark_for_histories_and_for_feature_rows(session, trained):
    from pyspark.sql.functions import struct

    connect()
    champion = load_champion("smm")
    columns = champion.columns[:3]
    histories = [json.dumps(HISTORY), json.dumps(HISTORY | {"landmark": "2021-01-01"}), "{", None]
    rows = pd.DataFrame({"history": histories, **dict.fromkeys(columns, 1.0)})
    udf = mlflow.pyfunc.spark_udf(session, "models:/smm-progression@champion", env_manager="local")
    table = session.createDataFrame(rows).coalesce(1)  # one worker loads the model
    by_history, by_features = (
        table.select(udf(struct(*names)).alias("found")).select("found.*").toPandas() for names in (["history"], columns)
    )
    model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
    for found, names in ((by_history, ["history"]), (by_features, columns)):
        expected = model.predict(rows[names])
        told, meant = (one.pop("answer").str.replace(r'"answered_on":"[^"]*"', "", regex=True).tolist() for one in (found, expected))
        assert told == meant
        pd.testing.assert_frame_equal(found, expected[found.columns], check_exact=True)
    assert by_history["status"].tolist() == ["scored", "before_index", "json_invalid", "json_invalid"]
    assert by_history["risk_24m"].notna().tolist() == [True, False, False, False]
