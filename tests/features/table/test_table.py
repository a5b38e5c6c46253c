"""The feature table: rows, attrition, what it records of itself, and that a row depends on its own history only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from features import Cohort, FeatureSpec, build_features, build_table, read_table, write_table
from features.table.landmarks import visit_landmarks
from myeloma import DataError, StateError, catalogue

PATIENTS = """
    patient_id,index_date,age_at_index,sex,site,heavy_chain,fish
    P1,2015-01-01,60,female,athens,IgA,t(4;14)
    P2,2015-01-01,70,male,boston,IgG,normal
    P3,2015-01-01,,,,,
"""
MEASUREMENTS = """
    patient_id,collected_at,available_at,biomarker,value
    P1,2014-12-20,,m_protein,1.0
    P1,2015-01-01,2015-01-03,m_protein,1.5
    P1,2015-07-02,,m_protein,2.0
    P1,2016-01-01,,m_protein,2.5
    P2,2015-01-01,,m_protein,0.5
"""
EVENTS = """
    patient_id,occurred_at,kind
    P1,2016-01-01,progression
    P2,2015-03-01,last_contact
"""


@pytest.fixture(scope="module")
def cohort(cohort_of):
    return cohort_of(patients=PATIENTS, measurements=MEASUREMENTS, events=EVENTS)


@pytest.fixture(scope="module")
def table(cohort, smm_task):
    return build_table(cohort, smm_task)


def test_a_row_is_a_patient_at_a_visit_at_risk_with_what_came_after(table):
    days = table.rows["landmark"].dt.strftime("%Y-%m-%d")
    got = list(zip(table.rows["patient_id"], days, table.rows["site"], table.rows["event"], table.rows["time_to_event"], strict=True))
    assert got == [
        ("P1", "2015-01-03", "athens", "event", 363.0),
        ("P1", "2015-07-02", "athens", "event", 183.0),
        ("P2", "2015-01-01", "boston", "none", 59.0),
    ]


def test_attrition_adds_up(table):
    lost = table.about["attrition"]
    assert lost == {"patients": 3, "patients_without_a_landmark": 1, "visits": 4, "not_at_risk": {"progressed": 1}, "landmarks": 3}
    assert lost["visits"] == lost["landmarks"] + sum(lost["not_at_risk"].values())
    assert lost["landmarks"] == len(table.rows)


def test_attrition_adds_up_in_a_cohort_of_hundreds(smm_cohort, smm_table):
    lost = smm_table.about["attrition"]
    assert lost["visits"] == len(visit_landmarks(smm_cohort)) == lost["landmarks"] + sum(lost["not_at_risk"].values())
    assert lost["patients"] == smm_table.rows["patient_id"].nunique() + lost["patients_without_a_landmark"]


def test_features_are_float64_in_the_order_of_the_specification(table):
    columns = table.spec.columns()
    assert table.rows.columns.tolist()[: 3 + len(columns)] == ["patient_id", "landmark", "site", *columns]
    assert table.rows.columns.tolist()[-4:] == ["event", "time_to_event", "follow_up", "censored_by"]
    assert set(table.rows[columns].dtypes) == {np.dtype("float64")}


def test_static_columns_are_those_of_the_patient_at_the_landmark(cohort):
    static = ("age", "female", "months_since_index", "heavy_chain_iga", "fish_high_risk", "fish_lesions")
    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), static)
    landmarks = pd.DataFrame({"patient_id": ["P1", "P2", "P3"], "landmark": pd.Timestamp("2017-01-01")})
    got = build_features(cohort, landmarks, spec)
    assert got["age"].round(2).tolist()[:2] == [62.0, 72.0]
    assert got["female"].tolist()[:2] == [1.0, 0.0]
    assert got["heavy_chain_iga"].tolist()[:2] == [1.0, 0.0]
    assert got["fish_high_risk"].tolist()[:2] == [1.0, 0.0]
    assert got["fish_lesions"].tolist()[:2] == [1.0, 0.0]
    assert got["months_since_index"].round(1).tolist() == [24.0] * 3
    assert got.iloc[2].drop("months_since_index").isna().all(), "unknown is neither negative nor normal"


def test_a_specification_without_static_columns_is_fine(cohort):
    landmarks = pd.DataFrame({"patient_id": ["P2"], "landmark": pd.Timestamp("2017-01-01")})
    assert build_features(cohort, landmarks, FeatureSpec(("m_protein",), ("ever",), ("last",), ())).to_numpy().tolist() == [[0.5]]


def test_no_landmark_left_is_an_error_that_counts_why(cohort_of, smm_task):
    cohort = cohort_of(measurements="patient_id,collected_at,biomarker,value\nP1,2016-01-01,bmpc,15")
    with pytest.raises(DataError, match=r"No landmark is left for task smm: 1 after_follow_up\.") as refusal:
        build_table(cohort, smm_task)
    assert "tasks.smm.treatment in params.yaml" in refusal.value.hint
    assert refusal.value.code == "nothing_usable"


def test_no_visit_from_the_index_date_on_is_said(cohort_of, smm_task):
    cohort = cohort_of(
        measurements="patient_id,collected_at,biomarker,value\nP1,2014-01-01,bmpc,15",
        events="patient_id,occurred_at,kind\nP1,2016-01-01,death",
    )
    with pytest.raises(DataError, match="no visit from the index date on"):
        build_table(cohort, smm_task)


def test_a_written_table_is_read_with_all_it_says_of_itself(tmp_path, table, cohort, smm_task):
    write_table(table, tmp_path / "deep" / "table.parquet")
    read = read_table(tmp_path / "deep" / "table.parquet")
    pd.testing.assert_frame_equal(read.rows, table.rows, check_dtype=False)
    assert read.spec == table.spec
    assert read.about["feature_hash"] == table.spec.feature_hash()
    assert read.about["cohort_hash"] == cohort.content_hash()
    assert read.about["catalogue_version"] == catalogue().version
    assert (read.about["task"], read.rules) == ("smm", smm_task.rules)
    assert read.provenance == table.provenance
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["table.parquet"]


def test_a_table_whose_events_have_the_words_of_a_former_version_is_read_in_those_of_this(tmp_path, table):
    former = {"event": "progression", "competing": "death"}
    write_table(replace(table, rows=table.rows.assign(event=table.rows["event"].replace(former))), tmp_path / "table.parquet")
    read = read_table(tmp_path / "table.parquet")
    assert read.rows["event"].tolist() == table.rows["event"].tolist() and "event" in read.rows["event"].tolist()
    assert read.content_hash() == table.content_hash()


def test_its_hash_is_of_every_value_wherever_it_is_kept(smm_table, tmp_path):
    write_table(smm_table, tmp_path / "table.parquet")
    assert read_table(tmp_path / "table.parquet").content_hash() == smm_table.content_hash()
    for column, value in (("event", "competing"), ("m_protein__last__ever", 1.25), ("sex", ""), ("landmark", pd.Timestamp("1999-01-01"))):
        rows = smm_table.rows.copy()
        rows.loc[7, column] = value
        assert replace(smm_table, rows=rows).content_hash() != smm_table.content_hash(), column


def test_a_table_whose_columns_mean_something_else_is_refused(tmp_path, table):
    path = tmp_path / "table.parquet"
    write_table(replace(table, about=table.about | {"feature_hash": "0123456789abcdef"}), path)
    with pytest.raises(DataError, match=f"0123456789abcdef, this version's {table.spec.feature_hash()}") as refusal:
        read_table(path)
    assert refusal.value.hint == "build it again."


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(StateError, match="No feature table"):
        read_table(tmp_path / "nowhere.parquet")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(DataError, match="is not a Parquet file"):
        read_table(tmp_path / "junk.parquet")
    pd.DataFrame({"age": [1.0]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DataError, match="is Parquet, but not a feature table"):
        read_table(tmp_path / "other.parquet")


def test_a_table_opens_in_plain_pyarrow_with_one_row_a_landmark(tmp_path, table):
    write_table(table, tmp_path / "table.parquet")
    assert parquet.read_table(tmp_path / "table.parquet").num_rows == 3


def test_features_do_not_depend_on_the_order_of_rows_or_on_other_patients(smm_cohort, smm_task):
    some = smm_cohort.patients["patient_id"][:20]
    landmarks = visit_landmarks(smm_cohort)
    landmarks = landmarks[landmarks["patient_id"].isin(some)].reset_index(drop=True)
    expected = build_features(smm_cohort, landmarks, smm_task.features)

    shuffled = Cohort(**{name: frame.sample(frac=1, random_state=1) for name, frame in smm_cohort.tables().items()})
    pd.testing.assert_frame_equal(build_features(shuffled, landmarks, smm_task.features), expected, check_exact=True)

    alone = Cohort(**{name: frame[frame["patient_id"].isin(some)] for name, frame in smm_cohort.tables().items()})
    pd.testing.assert_frame_equal(build_features(alone, landmarks, smm_task.features), expected, check_exact=True)


def test_features_come_in_the_order_of_the_landmarks(smm_cohort, smm_task):
    landmarks = visit_landmarks(smm_cohort).head(50)
    expected = build_features(smm_cohort, landmarks, smm_task.features)
    backwards = build_features(smm_cohort, landmarks[::-1], smm_task.features)
    np.testing.assert_array_equal(backwards.to_numpy()[::-1], expected.to_numpy())


def test_a_row_has_the_same_bits_alone_and_among_hundreds(smm_cohort, smm_task):
    landmarks = visit_landmarks(smm_cohort).head(700)
    together = build_features(smm_cohort, landmarks, smm_task.features).to_numpy()
    for i in (0, 1, 63, 64, 511, 512, 699):
        alone = build_features(smm_cohort, landmarks.iloc[[i]], smm_task.features).to_numpy()
        assert alone[0].tobytes() == together[i].tobytes()
