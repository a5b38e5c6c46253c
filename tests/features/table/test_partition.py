"""People as an engine that divides a cohort hands them over: the blocks, and so the rows, are those of the cohort's files."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features import build_table, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS, SCHEMAS, Cohort
from features.cohort.storage import in_schema
from features.table.partition import READ, blocks_of, nobody
from features.table.stream import cohort_blocks
from features.table.table import make_rows, to_arrow
from myeloma import DataError, catalogue


def handed_over(cohort, seed, size=700):
    """Return a cohort's rows as one partition, in batches: people in order, the rows of each in any order."""
    parts = []
    for name, frame in cohort.tables().items():
        table = in_schema(frame, name)
        columns = [column for column in READ[name] if column in table.column_names and column != "patient_id"]
        row = pa.StructArray.from_arrays([table[column].combine_chunks() for column in columns], columns)
        parts.append(pa.table({"patient_id": table["patient_id"], name: row}))
    rows = pa.concat_tables(parts, promote_options="default")
    rows = rows.take(np.random.default_rng(seed).permutation(rows.num_rows)).sort_by("patient_id")
    return rows.combine_chunks().to_batches(max_chunksize=size)


def rows_of(blocks, task):
    return pa.concat_tables([to_arrow(make_rows(block.patients, block.histories, task).columns) for block in blocks]).combine_chunks()


@pytest.fixture(scope="module")
def cohort(silent_cohort):
    return silent_cohort


@pytest.fixture(scope="module")
def expected(cohort, smm_task, tmp_path_factory):
    folder = tmp_path_factory.mktemp("partition") / "cohort"
    write_cohort(cohort, folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return rows_of(cohort_blocks(folder, 10**9, operators=True), smm_task)


@pytest.mark.parametrize(("about", "size"), [(1, 50), (300, 7), (2000, 700), (10**9, 10**6)])
def test_rows_in_any_order_and_in_batches_of_any_size_give_the_bits_of_the_files(cohort, expected, smm_task, about, size):
    blocks = list(blocks_of(handed_over(cohort, seed=about, size=size), about))
    assert rows_of(blocks, smm_task).equals(expected)
    assert [who for block in blocks for who in block.patients["patient_id"]] == cohort.patients["patient_id"].tolist()
    assert (len(blocks) == 1) == (about > 10**6)


def test_a_time_of_day_and_two_methods_of_one_day_are_told_apart_as_in_the_file(smm_cohort, smm_task, tmp_path):
    first = smm_cohort.measurements.query("biomarker == 'bmpc'").groupby("patient_id", observed=True).head(1)
    more = [
        first.assign(value=first["value"] + k, collected_time=f"0{k}:00", method=method)
        for k, method in ((1, "biopsy"), (2, "aspirate"), (3, "biopsy"))
    ]
    measured = pd.concat([smm_cohort.measurements.assign(method=""), *more]).assign(specimen="marrow")
    place = measured["method"].map({word: k for k, word in enumerate(("", *catalogue().methods))})
    order = ["patient_id", "biomarker", "collected_at", "available_at", "place", "collected_time"]
    texts = {"patient_id": str, "biomarker": str}
    measured = measured.assign(place=place).astype(texts).sort_values(order, ignore_index=True).drop(columns="place")
    cohort = Cohort(smm_cohort.patients, measured, smm_cohort.events)
    assert build_table(cohort, smm_task).rows.equals(rows_of(blocks_of(handed_over(cohort, seed=1), 10**9), smm_task).to_pandas())


def test_a_partition_of_people_without_measurements_keeps_them(cohort, smm_task):
    alone = Cohort(cohort.patients, cohort.measurements.head(0), cohort.events)
    [block] = blocks_of(handed_over(alone, seed=1), 10**9)
    made = make_rows(block.patients, block.histories, smm_task)
    assert made.attrition["patients"] == made.attrition["patients_without_a_landmark"] == len(cohort.patients)


def test_a_partition_of_nobody_gives_no_block_and_nobody_has_the_columns_of_everybody(expected, smm_task):
    assert list(blocks_of([], 100)) == list(blocks_of([pa.RecordBatch.from_pydict({"patient_id": pa.array([], pa.string())})], 100)) == []
    assert rows_of([nobody()], smm_task).schema == expected.schema


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("patients", lambda frame: frame.iloc[1:], "not among its patients"),
        ("patients", lambda frame: pd.concat([frame, frame.iloc[[3]]]), "follow the cohort's schema|a patient twice"),
        ("patients", lambda frame: frame.assign(sex="?"), r"patients.parquet does not follow the cohort's schema \(sex\)"),
        ("events", lambda frame: frame.assign(kind="holiday"), r"events.parquet does not follow the cohort's schema \(kind\)"),
        ("measurements", lambda frame: frame.assign(value=np.inf), r"measurements.parquet does not follow the cohort's schema \(value\)"),
        ("measurements", lambda frame: frame.assign(operator="~"), r"\(operator\)"),
        ("measurements", lambda frame: frame.assign(biomarker=None), "empty cell"),
        ("measurements", lambda frame: frame.assign(patient_id=None), "no patient_id"),
    ],
)
def test_what_does_not_follow_the_schema_is_refused_as_in_a_file(smm_cohort, table, change, says):
    cohort = Cohort(**(smm_cohort.tables() | {table: change(smm_cohort.tables()[table])}))
    with pytest.raises(DataError, match=says):
        list(blocks_of(handed_over(cohort, seed=1), 10**9))


def test_every_column_that_a_block_is_made_of_is_read():
    assert {"patient_id", *READ["measurements"]} <= {*SCHEMAS["measurements"].columns}
    assert all(READ[name] == list(SCHEMAS[name].columns) for name in ("patients", "events"))
