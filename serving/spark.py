"""Scores by Spark: the rows that `serving.stream` makes, of each person the same bits, as a folder of Parquet files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame

from features.spark.session import guarded, spark_session
from features.spark.tables import about_cohort, columns_in_spark, in_spark, new_folder, newest_day, people_of, write
from features.table.partition import blocks_of, nobody
from myeloma import calendar
from serving.answer.since import AGE, SINCE
from serving.artifact import Artifact, load_artifact
from serving.batch import SCORED, Told
from serving.stream import ROWS_OF_BLOCK, Asked, scores_of_block


class Shipped(NamedTuple):
    """A model on its way to the workers: its files, where they are from, its seal, and what tells it from others."""

    files: dict[str, bytes]
    origin: dict[str, str]
    seal: str
    key: str


_LOADED: dict[str, Artifact] = {}  # of a worker: one model, loaded once


def score_with_spark(artifact: Artifact, place: str, out: str, asked: Asked) -> Told:
    """Score a cohort into a folder of Parquet files, and return what there is to say of it.

    Parameters
    ----------
    place, out : str
        Folders that every worker sees, or addresses.

    Raises
    ------
    ConfigError
        Spark does not start, or `out` is something else.
    StateError
        There is no cohort, something stands at the address, the model was changed on its way, or Spark could not finish.
    DataError
        A file is missing, damaged or does not follow the schema.
    """
    with new_folder(out) as (address, mode), spark_session() as session:
        about_cohort(session, place)
        today = asked.day if asked.day is not None else max(calendar.today(), newest_day(session, place) or 0)
        work = partial(_scores, shipped=session.sparkContext.broadcast(_packed(artifact)), asked=asked, today=today)
        columns = columns_in_spark(scores_of_block(artifact, nobody(), asked, today))
        write(people_of(session, place).mapInArrow(guarded(work), columns), out, address, mode)
        return _told(session.read.parquet(address))


def _packed(artifact: Artifact) -> Shipped:
    folder = artifact.folder
    assert folder is not None, "it was loaded from one"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    digest = hashlib.sha256(json.dumps(artifact.origin, sort_keys=True).encode())
    for name, content in files.items():
        digest.update(name.encode() + content)
    return Shipped(files, artifact.origin, artifact.seal, digest.hexdigest())


def _unpacked(shipped: Shipped) -> Artifact:
    """Return the model, checked against its seal as wherever a model is loaded."""
    if shipped.key not in _LOADED:
        _LOADED.clear()
        with TemporaryDirectory(prefix="myeloma-model-") as made:
            for name, content in shipped.files.items():
                path = Path(made, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            _LOADED[shipped.key] = load_artifact(Path(made), shipped.origin, recorded=[shipped.seal])
    return _LOADED[shipped.key]


def _scores(batches: Iterator[pa.RecordBatch], shipped: Broadcast[Shipped], asked: Asked, today: int) -> Iterator[pa.RecordBatch]:
    """Yield the scores of a partition."""
    for block in blocks_of(batches, ROWS_OF_BLOCK):
        yield from in_spark(scores_of_block(_unpacked(shipped.value), block, asked, today)).to_batches()


def _told(scores: DataFrame) -> Told:
    """Return what `Told.of` does of scores that no one machine need hold."""
    status = {row[0]: int(row[1]) for row in scores.groupBy("status").count().collect()}
    since = [f"count(distinct case when {name} is not null then patient_id end)" for name in SINCE]
    asked = (*since, f"percentile({AGE}, 0.5)", f"max({AGE})", "count(distinct patient_id)")
    found = scores.where(f"status = '{SCORED}'").selectExpr(*asked).first()
    assert found is not None, "there is one row of counts, also of none"
    return Told(status, dict(zip(SINCE, map(int, found), strict=False)), *found[len(SINCE) :])
