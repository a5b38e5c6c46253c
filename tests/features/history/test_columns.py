"""The column grammar, and the specification that a table and a model share."""

import json
from dataclasses import asdict, replace

import pytest

from features import FeatureSpec, parse_column
from features.history.columns import group_label
from features.history.statistics import STATISTICS, table
from features.history.windows import ANCHORED, BASELINE_DAYS, current_windows, window_days
from myeloma import ConfigError, catalogue

SPEC = FeatureSpec(("m_protein", "flc_ratio"), ("365d", "ever"), ("last", "slope"), ("age", "female"))


def test_columns_come_static_first_then_by_biomarker_window_and_statistic():
    assert SPEC.columns() == [
        "age",
        "female",
        "m_protein__last__365d",
        "m_protein__slope__365d",
        "m_protein__last__ever",
        "m_protein__slope__ever",
        "flc_ratio__last__365d",
        "flc_ratio__slope__365d",
        "flc_ratio__last__ever",
        "flc_ratio__slope__ever",
    ]


@pytest.mark.parametrize(
    ("name", "biomarker", "statistic", "window", "label"),
    [
        ("m_protein__slope__365d", "m_protein", "slope", "365d", "Serum M-protein: slope per year, last 365 days"),
        ("bmpc__age_days__ever", "bmpc", "age_days", "ever", "Bone marrow plasma cells: age of the latest value, days, all history"),
        ("age", "age", None, None, "Age, years"),
        ("female", "female", None, None, "Female sex"),
    ],
)
def test_a_name_parses_into_biomarker_statistic_window_and_label(name, biomarker, statistic, window, label):
    column = parse_column(name)
    assert (column.name, column.biomarker, column.statistic, column.window, column.label) == (name, biomarker, statistic, window, label)


def test_every_column_of_a_specification_parses():
    windows = ("1d", "ever", *ANCHORED)
    every = FeatureSpec(("m_protein", "creatinine"), windows, tuple(STATISTICS), ("age", "fish_high_risk", "heavy_chain_iga"))
    parsed = [parse_column(name) for name in every.columns()]
    assert [column.name for column in parsed] == every.columns()
    assert len({column.label for column in parsed}) == len(parsed), "two columns with one label cannot be told apart"


@pytest.mark.parametrize(
    "name",
    [
        "m_protien__last__ever",
        "m_protein__median__ever",
        "m_protein__last__0d",
        "m_protein__last__1y",
        "m_protein__last",
        "sex",
        "",
        "a__b__c__d",
    ],
)
def test_a_name_outside_the_grammar_is_refused(name):
    with pytest.raises(ConfigError, match=f'"{name}" is not a feature column') as refusal:
        parse_column(name)
    assert "m_protein__slope__365d" in refusal.value.hint


def test_windows_are_days_or_ever():
    assert window_days("365d") == 365.0
    assert window_days("ever") == float("inf")


@pytest.mark.parametrize("window", ["0d", "-3d", "12m", "365", "d", "", "1.5d"])
def test_any_other_window_is_refused(window):
    with pytest.raises(ConfigError, match="is not a look-back"):
        window_days(window)


@pytest.mark.parametrize(
    ("wrong", "message", "hint"),
    [
        ({"biomarkers": ("m_protien",)}, 'Unknown biomarker "m_protien"', "m_protein"),
        ({"biomarkers": ("hdl",)}, 'Unknown biomarker "hdl"', "Your own come from the file that MYELOMA_CATALOGUE names."),
        ({"statistics": ("slop",)}, 'Unknown statistic "slop"', "slope"),
        ({"static": ("femal",)}, 'Unknown static column "femal"', "female"),
        ({"biomarkers": ("bmpc", "bmpc")}, "biomarker is named twice", ""),
        ({"statistics": ("last", "last")}, "statistic is named twice", ""),
        ({"look_backs": ("ever", "ever")}, "look-back is named twice", ""),
        ({"look_backs": ()}, "no look-back is named", ""),  # else a table without any biomarker, and no word
        ({"statistics": ()}, "no statistic is named", ""),
        ({"look_backs": ("1y",)}, '"1y" is not a look-back', "365d"),
    ],
)
def test_a_wrong_specification_is_refused_with_the_nearest(wrong, message, hint):
    with pytest.raises(ConfigError, match=message) as refusal:
        replace(SPEC, **wrong)
    assert hint in refusal.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"biomarkers": ("m_protein",)},
        {"biomarkers": ("flc_ratio", "m_protein")},
        {"look_backs": ("366d", "ever")},
        {"look_backs": ("365d",)},
        {"statistics": ("last", "sd")},
        {"static": ("age",)},
        {"static": ()},
    ],
)
def test_the_hash_changes_with_any_part(change):
    assert replace(SPEC, **change).feature_hash() != SPEC.feature_hash()


def test_the_hash_changes_with_the_noise_only_where_a_statistic_asks_for_it(monkeypatch):
    asking, others = replace(SPEC, statistics=("last", "exceeds_min")), SPEC.feature_hash()
    before, entry = asking.feature_hash(), catalogue()["m_protein"]
    assert "m_protein" in SPEC.biomarkers
    monkeypatch.setitem(catalogue().biomarkers, "m_protein", replace(entry, cv=0.2))
    assert asking.feature_hash() != before
    assert SPEC.feature_hash() == others


@pytest.mark.parametrize(
    ("biomarker", "look_back", "changes"),
    [("bmpc", "365d", True), ("bmpc", "baseline", True), ("bmpc", "ever", False), ("igg", "365d", False)],
)
def test_the_hash_tells_how_methods_are_compared_where_windows_meet_them(monkeypatch, biomarker, look_back, changes):
    spec = FeatureSpec((biomarker,), (look_back,), ("last", "slope"), ())
    before = spec.feature_hash()
    monkeypatch.setattr("features.history.columns.LIKE_VERSION", "next")
    assert (spec.feature_hash() != before) == changes


def test_the_hash_changes_with_the_definitions(monkeypatch):
    before = SPEC.feature_hash()
    monkeypatch.setattr("features.history.columns.DEFINITIONS_VERSION", "next")
    assert SPEC.feature_hash() != before


def test_the_hash_changes_with_the_unit_of_a_biomarker_it_names(monkeypatch):
    before = SPEC.feature_hash()

    def with_unit(key):
        shipped = catalogue()
        changed = replace(shipped, biomarkers=shipped.biomarkers | {key: replace(shipped[key], unit="other")})
        monkeypatch.setattr("features.history.columns.catalogue", lambda: changed)

    with_unit("bmpc")
    assert SPEC.feature_hash() == before, "a biomarker that is not used changes nothing"
    with_unit("m_protein")
    assert SPEC.feature_hash() != before


def test_a_specification_survives_json_with_its_hash():
    copy = FeatureSpec.from_dict(json.loads(json.dumps(asdict(SPEC))))
    assert copy == SPEC
    assert copy.feature_hash() == SPEC.feature_hash()


def test_the_documentation_holds_the_table_of_the_code(root):
    text = (root / "docs" / "conventions.md").read_text()
    assert [row for row in table() if row not in text] == []
    assert f"| `baseline` | what was collected in the {BASELINE_DAYS} days up to and including the start of the line |" in text


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("m_protein__delta_12m__ever", "Serum M-protein: change in 12 months, all history"),
        ("m_protein__pct_6m__730d", "Serum M-protein: change in 6 months, %, last 730 days"),
        ("creatinine__days_above_1.5__365d", "Creatinine: days above 1.5, last 365 days"),
        ("bmpc__below_0.001__ever", "Bone marrow plasma cells: latest value known to be below 0.001, all history"),
        ("m_protein__pct_baseline__since_line", "Serum M-protein: change from baseline, %, since the start of the line of therapy"),
        (
            "m_protein__last__baseline",
            "Serum M-protein: latest value, at baseline (the last 90 days up to the start of the line of therapy)",
        ),
        ("m_protein__slope__since_nadir", "Serum M-protein: slope per year, since the lowest value of the line of therapy"),
    ],
)
def test_the_number_of_a_family_of_statistics_stands_in_its_name(name, label):
    assert parse_column(name).label == label


@pytest.mark.parametrize(
    "statistic", ["delta_0m", "delta_m", "delta_1.5m", "pct_1000m", "days_above_", "days_above_2.0", "days_above_-1", "days_above_02"]
)
def test_a_number_has_one_spelling_only(statistic):
    with pytest.raises(ConfigError, match="is not a feature column"):
        parse_column(f"m_protein__{statistic}__ever")
    with pytest.raises(ConfigError, match="Unknown statistic"):
        replace(SPEC, statistics=(statistic,))


def test_a_group_has_a_plain_name():
    assert group_label("m_protein") == "Serum M-protein"
    assert group_label("months_since_index") == "Months since diagnosis"


def test_the_window_that_says_how_high_a_biomarker_is_now_is_one_that_everybody_has():
    assert current_windows(["ever", "baseline", "since_line", "365d"]) == ["ever", "365d"]
    assert current_windows(["baseline", "since_line"]) == ["since_line"]
    assert current_windows(["baseline"]) == ["baseline"]


def test_a_look_back_longer_than_any_life_is_none():
    with pytest.raises(ConfigError, match='"99999999999999999999d" is not a look-back'):
        replace(SPEC, look_backs=("99999999999999999999d",))
