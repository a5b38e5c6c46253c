"""`params.yaml`: what ships parses, what is mistyped is named with the nearest valid word."""

import copy
from pathlib import Path

import pytest
import yaml

from features import load_task
from features.params import read_params
from features.tasks import parse_task, task_names
from myeloma import ConfigError, StateError
from myeloma.calendar import horizon_days

PARAMS = Path(__file__).parents[2] / "params.yaml"
MGUS = read_params(PARAMS)["tasks"]["mgus"]


@pytest.fixture
def section():
    """Return a copy of the mgus section to spoil."""
    return copy.deepcopy(MGUS)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a parameter file and returns its path."""

    def write_file(text):
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.mark.parametrize("name", ["mgus", "smm"])
def test_the_shipped_tasks_parse(name):
    task = load_task(name, PARAMS)
    assert task.name == name
    assert task.primary_horizon in task.horizons
    assert {"boosting", "logistic", "cox"} <= set(task.models)
    assert set(task.models["cox"]["covariates"]) <= set(task.features.columns())


def test_task_names_are_those_of_the_file():
    assert task_names(PARAMS)[:2] == ["mgus", "smm"]  # a cohort's own tasks come after them


@pytest.mark.parametrize(("months", "days"), [(1, 30), (12, 365), (24, 730), (60, 1826), (240, 7305)])
def test_horizons_are_whole_days_of_an_average_month(months, days):
    assert horizon_days(months) == days


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(ConfigError, match='Unknown task "mgu"') as refusal:
        load_task("mgu", PARAMS)
    assert 'did you mean "mgus"? Accepted: ' in refusal.value.hint


@pytest.mark.parametrize(
    ("where", "key", "nearest"),
    [
        ((), "horizon", "horizons"),
        ((), "look_back", "look_backs"),
        (("evaluation",), "fold", "folds"),
        (("gate",), "auc_at_last", "auc_at_least"),
    ],
)
def test_an_unknown_key_names_the_nearest(section, where, key, nearest):
    inner = section
    for step in where:
        inner = inner[step]
    inner[key] = 1
    with pytest.raises(ConfigError, match=f'Unknown key "{key}" in {".".join(("tasks", "mgus", *where))}') as refusal:
        parse_task("mgus", section)
    assert f'did you mean "{nearest}"?' in refusal.value.hint


@pytest.mark.parametrize("key", ["title", "biomarkers", "look_backs", "statistics", "static", "treatment", "horizons", "primary_horizon"])
def test_a_missing_key_is_named(section, key):
    del section[key]
    with pytest.raises(ConfigError, match=f"tasks.mgus lacks: {key}"):
        parse_task("mgus", section)


@pytest.mark.parametrize(("inner", "key"), [("evaluation", "seed"), ("gate", "auc_at_least")])
def test_a_missing_key_of_a_subsection_is_named(section, inner, key):
    del section[inner][key]
    with pytest.raises(ConfigError, match=f"tasks.mgus.{inner} lacks: {key}"):
        parse_task("mgus", section)


@pytest.mark.parametrize("horizons", [[], [24, 12, 240], [12, 12, 240], [0, 240], [-12, 240]])
def test_horizons_that_do_not_rise_are_refused(section, horizons):
    with pytest.raises(ConfigError, match="horizons must be positive months in rising order"):
        parse_task("mgus", section | {"horizons": horizons})


def test_a_primary_horizon_outside_the_horizons_is_refused(section):
    with pytest.raises(ConfigError, match="primary_horizon 24 is not among"):
        parse_task("mgus", section | {"primary_horizon": 24})


def test_an_unknown_treatment_strategy_names_those_there_are(section):
    with pytest.raises(ConfigError, match=r"""tasks\.mgus\.treatment is "censored", accepted: 'censor', 'ignore' or 'composite'"""):
        parse_task("mgus", section | {"treatment": "censored"})


def test_an_unknown_published_score_names_the_nearest(section):
    with pytest.raises(ConfigError, match='unknown published score "mayo_2019"') as refusal:
        parse_task("mgus", section | {"scores": ["mayo_2019"]})
    assert 'did you mean "mayo_2018"?' in refusal.value.hint


def test_an_unknown_kind_of_evaluation_is_refused(section):
    section["evaluation"]["kind"] = "bootstrap"
    with pytest.raises(ConfigError, match="bootstrap"):
        parse_task("mgus", section)


@pytest.mark.parametrize(
    "slip",
    [{"horizons": 240}, {"look_backs": [365]}, {"biomarkers": [1]}, {"treatment": None}, {"evaluation": None}, {"models": None}],
    ids=lambda slip: "-".join(slip),
)
def test_a_value_of_the_wrong_shape_is_refused_with_a_message(section, slip):
    with pytest.raises(ConfigError):
        parse_task("mgus", section | slip)


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        ({"landmarks": "visit"}, 'landmarks is "visit", accepted: "visits", or a list of months after the index date'),
        ({"landmarks": ["a"]}, 'landmarks is ["a"], accepted: "visits", or a list'),
        ({"interval_fits": "many"}, 'interval_fits is "many", accepted: an even number; 0 for no intervals'),
        ({"interval_fits": 3}, "interval_fits is 3, accepted: an even number"),
        ({"horizons": [12, "x"]}, 'horizons, entry 2, is "x", accepted: a whole number'),
        ({"biomarkers": "m_protein"}, 'biomarkers is "m_protein", accepted: a list'),
        ({"look_backs": [365]}, 'look_backs is 365, accepted: a list of windows in days or "ever"'),
        ({"models": {}}, "models is {}, accepted: at least 1 value(s)"),
        ({"evaluation": MGUS["evaluation"] | {"test_share": 0.04}}, "evaluation.test_share is 0.04, accepted: 0.05 or more"),
        ({"evaluation": MGUS["evaluation"] | {"test_share": 0.96}}, "evaluation.test_share is 0.96, accepted: 0.95 or less"),
        ({"models": {"boosting": 5}}, "models.boosting is 5, accepted: a section"),
        ({"evaluation": MGUS["evaluation"] | {"bootstrap": 0}}, "evaluation.bootstrap is 0, accepted: more than 0"),
        ({"gate": MGUS["gate"] | {"auc_at_least": 60}}, "gate.auc_at_least is 60, accepted: 1.0 or less"),
        ({"gate": MGUS["gate"] | {"oe_ratio_between": [0.8]}}, "gate.oe_ratio_between is [0.8], accepted: one value more"),
    ],
)
def test_a_wrong_value_is_refused_once_and_in_plain_words(section, slip, says):
    with pytest.raises(ConfigError) as refusal:
        parse_task("mgus", section | slip)
    assert refusal.value.what.startswith(f"tasks.mgus.{says}")
    assert [word for word in ("Input should", "tuple", "constrained", "parse", " not ") if word in refusal.value.what] == []


def test_bounds_of_the_gate_that_nothing_can_meet_are_refused(section):
    section["gate"]["oe_ratio_between"] = [1.25, 0.8]
    with pytest.raises(ConfigError, match=r"oe_ratio_between is \[1.25, 0.8\]"):
        parse_task("mgus", section)


def test_two_tasks_of_one_name_are_refused_and_a_section_may_take_over_another(write):
    with pytest.raises(ConfigError, match='"mine" stands twice in one section of the parameter file, again in line 3'):
        task_names(write("tasks:\n  mine: {title: a}\n  mine: {title: b}\n"))
    path = write("tasks:\n  a: &a {title: a, treatment: censor}\n  b: &b {<<: *a, title: b}\n  c: {<<: *b, title: c}\n")
    assert read_params(path)["tasks"]["c"] == {"title": "c", "treatment": "censor"}


def test_a_missing_file_is_a_state_error(tmp_path):
    with pytest.raises(StateError, match="No file"):
        load_task("mgus", tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "message"), [("a: [1", "is not valid YAML"), ("just words", "does not hold a mapping"), ("", "does not hold a mapping")]
)
def test_a_file_that_is_no_mapping_is_refused(write, text, message):
    with pytest.raises(ConfigError, match=message):
        load_task("mgus", write(text))


@pytest.mark.parametrize("text", ["tasks:\n", "tasks: {mgus: }\n", "simulate: {seed: 1}\n"])
def test_an_empty_section_is_refused_with_a_message(write, text):
    with pytest.raises(ConfigError):
        load_task("mgus", write(text))


def test_a_user_may_add_a_task(write, section):
    path = write(yaml.safe_dump({"tasks": {"ours": section | {"horizons": [6, 240]}}}))
    assert load_task("ours", path).horizons == (6, 240)


@pytest.mark.parametrize(
    ("change", "says"), [({"landmarks": []}, "landmarks"), ({"event": "death"}, "compete with itself"), ({"event": "relapse"}, "event")]
)
def test_landmarks_of_none_and_an_event_that_competes_with_itself_are_refused(change, says):
    section = yaml.safe_load(PARAMS.read_text())["tasks"]["smm"]
    with pytest.raises(ConfigError, match=says):
        parse_task("smm", section | change)
