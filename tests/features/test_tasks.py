"""`params.yaml`: what ships parses, what is mistyped is named with the nearest valid word."""

import copy
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from features import load_task
from features.params import read_params
from features.tasks import Rules, Said, Words, parse_task, task_names
from myeloma import ConfigError, StateError
from myeloma.calendar import horizon_days
from tests.features.history.burden.twin import BURDEN

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
    assert task.horizons == tuple(sorted(task.horizons))
    assert task.rules.population == name


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
    ("key", "nearest"), [("horizon", "horizons"), ("look_back", "look_backs"), ("criteria_gard", "criteria_guard"), ("Title", "title")]
)
def test_an_unknown_key_names_the_nearest(section, key, nearest):
    with pytest.raises(ConfigError, match=f'Unknown key "{key}" in tasks.mgus') as refusal:
        parse_task("mgus", section | {key: 1})
    assert f'did you mean "{nearest}"?' in refusal.value.hint


@pytest.mark.parametrize("key", ["name", "rules", "features", 5])
def test_what_is_no_key_of_a_section_is_unknown_though_the_task_has_it(section, key):
    with pytest.raises(ConfigError, match=f'Unknown key "{key}" in tasks.mgus') as refusal:
        parse_task("mgus", section | {key: {"treatment": "ignore"}})
    assert refusal.value.hint.endswith(
        "Accepted: biomarkers, burden, competing_event, criteria_guard, event, horizons, landmarks, line, look_backs, population, static, "
        "statistics, title, treatment, words."
    )


@pytest.mark.parametrize("moved", ["primary_horizon", "scores", "models", "evaluation", "gate", "interval_fits"])
def test_a_file_of_yesterday_is_told_where_its_lines_belong_now(section, moved):
    with pytest.raises(ConfigError, match=f"tasks.mgus holds {moved}: what is fitted and demanded has a place of its own now") as refusal:
        parse_task("mgus", section | {moved: 1})
    assert "move these keys, as they are, below `training:` and `mgus:`" in refusal.value.hint


@pytest.mark.parametrize("key", ["title", "biomarkers", "look_backs", "statistics", "static", "treatment", "criteria_guard", "horizons"])
def test_a_missing_key_is_named(section, key):
    del section[key]
    with pytest.raises(ConfigError, match=f"tasks.mgus lacks: {key}"):
        parse_task("mgus", section)


@pytest.mark.parametrize("horizons", [[], [24, 12, 240], [12, 12, 240], [0, 240], [-12, 240]])
def test_horizons_that_do_not_rise_are_refused(section, horizons):
    with pytest.raises(ConfigError, match="horizons must be positive months in rising order"):
        parse_task("mgus", section | {"horizons": horizons})


def test_an_unknown_treatment_strategy_names_those_there_are(section):
    with pytest.raises(ConfigError, match=r"""tasks\.mgus\.treatment is "censored", accepted: 'censor', 'ignore' or 'composite'"""):
        parse_task("mgus", section | {"treatment": "censored"})


@pytest.mark.parametrize(
    "slip",
    [{"horizons": 240}, {"look_backs": [365]}, {"biomarkers": [1]}, {"treatment": None}],
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
        ({"horizons": [12, "x"]}, 'horizons, entry 2, is "x", accepted: a whole number'),
        ({"biomarkers": "m_protein"}, 'biomarkers is "m_protein", accepted: a list'),
        ({"look_backs": [365]}, 'look_backs is 365, accepted: a list of windows in days or "ever"'),
    ],
)
def test_a_wrong_value_is_refused_once_and_in_plain_words(section, slip, says):
    with pytest.raises(ConfigError) as refusal:
        parse_task("mgus", section | slip)
    assert refusal.value.what.startswith(f"tasks.mgus.{says}")
    assert [word for word in ("Input should", "tuple", "constrained", "parse", " not ") if word in refusal.value.what] == []


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
    ("change", "says"),
    [({"landmarks": []}, "landmarks"), ({"event": "death"}, "smm: death cannot compete with itself"), ({"event": "relapse"}, "event")],
)
def test_landmarks_of_none_and_an_event_that_competes_with_itself_are_refused(change, says):
    section = yaml.safe_load(PARAMS.read_text())["tasks"]["smm"]
    with pytest.raises(ConfigError, match=says):
        parse_task("smm", section | change)


RULES = Rules("censor", criteria_guard=True, population="smm", landmarks=(0, 12))


def test_rules_that_were_written_down_are_the_rules_that_are_read():
    assert Rules.of(json.loads(json.dumps(RULES.as_json()))) == RULES
    assert RULES.changed_to(RULES) == ""


@pytest.mark.parametrize(
    ("recorded", "rules"),
    [
        ({"treatment": "composite"}, Rules("composite", criteria_guard=False)),  # before there was a guard
        (
            {"treatment": "censor", "criteria_guard": True, "population": "smm"},  # before a task named its event and landmarks
            Rules("censor", True, "smm", "progression", "death", "visits"),
        ),
    ],
)
def test_a_rule_that_an_earlier_version_did_not_record_is_what_it_was_then(recorded, rules):
    assert Rules.of({**recorded, "title": "what else is told of a model"}) == rules


def test_each_rule_that_differs_is_named_with_both_values():
    now = replace(RULES, population=None, criteria_guard=False, landmarks="visits")
    assert RULES.changed_to(now) == "criteria_guard true, now false; population smm, now any; landmarks [0, 12], now visits"


@pytest.mark.parametrize(
    ("recorded", "says"), [({"treatment": "stop"}, 'rules.treatment is "stop"'), ({}, 'accepted: the same with "treatment"')]
)
def test_what_is_no_rule_of_this_version_is_refused_in_words(recorded, says):
    with pytest.raises(StateError, match="rules that a table or model was made under cannot be read") as refusal:
        Rules.of(recorded)
    assert says in refusal.value.what


def test_the_words_for_people_are_the_tasks_own_or_else_those_of_the_cohort(section):
    assert parse_task("mgus", section).said == Said("progression", "death")
    own = parse_task("mgus", section | {"words": {"event": "plasma cell malignancy"}})
    assert own.said == Said("plasma cell malignancy", "death")
    assert own.rules == parse_task("mgus", section).rules  # words decide nothing


def test_a_model_that_kept_no_words_has_those_of_its_rules():
    recorded = {"treatment": "ignore", "event": "death", "competing_event": "transplant"}
    assert Words.of(recorded) == Said("death", "transplant")
    assert Words.of({**recorded, "words": {"event": "dying", "competing": None}}) == Said("dying", "transplant")


@pytest.mark.parametrize(
    ("words", "says"), [({"events": "a"}, 'Unknown key "events" in tasks.mgus.words'), ({"event": ""}, "not an empty one")]
)
def test_words_are_checked_like_any_other_section(section, words, says):
    with pytest.raises(ConfigError, match=says):
        parse_task("mgus", section | {"words": words})


@pytest.mark.parametrize("treatment", ["censor", "composite"])
def test_windows_anchored_at_a_line_are_refused_where_nobody_treated_is_at_risk(section, treatment):
    anchored = section | {"look_backs": ["ever", "since_line"], "treatment": treatment}
    with pytest.raises(ConfigError, match=f"look_backs since_line would be empty, since with treatment: {treatment} nobody is at risk"):
        parse_task("mine", anchored)
    assert parse_task("mine", anchored | {"treatment": "ignore"}).features.look_backs == ("ever", "since_line")


@pytest.mark.parametrize("name", ["a b", "../up", "a/b", ".hidden", "-option", "a.b", "ü", "a" * 65, '"a;b"', "7", "no"])
def test_a_name_that_no_folder_experiment_or_model_could_have_is_refused_whatever_is_asked(write, section, name):
    params = write(f"tasks: {{mgus: {json.dumps(section)}, {name}: {json.dumps(section)}}}")
    for ask in (task_names, lambda path: load_task("mgus", path)):
        with pytest.raises(ConfigError, match=r"cannot be the name of a task") as refusal:
            ask(params)
        assert "letters, digits, _ and -" in refusal.value.hint


@pytest.mark.parametrize("name", ["a", "our-clinic_2", "7b", "'7'", "a" * 64])
def test_a_name_of_letters_digits_dashes_and_underscores_is_accepted(write, section, name):
    assert task_names(write(f"tasks: {{{name}: {json.dumps(section)}}}")) == [name.strip("'")]


@pytest.mark.parametrize("changed", [{"treatment": "censor"}, {"event": "death", "competing_event": "transplant"}])
def test_a_line_of_therapy_is_asked_about_where_treatment_is_left_aside_and_the_event_is_progression(changed):
    section = {"treatment": "ignore", "criteria_guard": False, "line": {"number": 1}, "title": "t", "horizons": [12]}
    features = {"biomarkers": ["m_protein"], "look_backs": ["since_line"], "statistics": ["last"], "static": ["response"]}
    assert parse_task("own", {**section, **features}).rules.line.from_days == 90
    with pytest.raises(ConfigError, match="is about a line of therapy") if "event" in changed else pytest.raises(ConfigError):
        parse_task("own", {**section, **features, **changed})


def test_a_line_that_differs_is_said_in_words():
    rules = parse_task(
        "own",
        {
            **{"treatment": "ignore", "criteria_guard": False, "line": {"number": 2}, "title": "t", "horizons": [12]},
            **{"biomarkers": [], "look_backs": [], "statistics": [], "static": ["age"]},
        },
    ).rules
    said = rules.changed_to(replace(rules, line=None))
    assert said == "line number 2, from_days 90, progression either, next_line event, now any"


def test_the_parameters_of_the_burden_stand_in_the_task_as_they_are_printed():
    told = yaml.safe_load(yaml.safe_dump({"burden": {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(BURDEN).items()}}))
    section = copy.deepcopy(read_params(PARAMS)["tasks"]["smm"])
    section.pop("burden", None)
    section["static"] = ["age", "female", "burden_growth"]
    task = parse_task("smm", section | told)
    assert task.features.burden == BURDEN
    assert task.features.columns()[: len(section["static"])] == section["static"]
    with pytest.raises(ConfigError, match="no parameters `burden`"):
        parse_task("smm", section)
    short = told["burden"] | {"noise": [0.1]}
    with pytest.raises(ConfigError, match=r"burden\.noise"):
        parse_task("smm", section | {"burden": short})


@pytest.mark.parametrize(
    ("task", "key", "value", "says"),
    [
        ("smm", "burden", "text", "tasks.smm.burden is empty, or is not a section"),
        ("smm", "burden", [1], "tasks.smm.burden is empty, or is not a section"),
        ("smm", "burden", {"grwth": 1}, 'Unknown key "grwth" in tasks.smm.burden'),
        ("smm", "burden", {}, "tasks.smm.burden lacks: correlation, drift"),
        ("relapse", "line", "first", "tasks.relapse.line is empty, or is not a section"),
        ("relapse", "line", {"numbr": 1}, 'Unknown key "numbr" in tasks.relapse.line'),
    ],
)
def test_a_slip_inside_a_part_of_a_task_is_refused_in_words(task, key, value, says):
    with pytest.raises(ConfigError, match=says):
        parse_task(task, read_params(PARAMS)["tasks"][task] | {key: value})


@pytest.mark.parametrize(
    ("part", "value", "says"),
    [("growth", True, "accepted: a number"), ("growth", 8.956, "burden.growth"), ("loading", [2.0, 1, 1, 0, 0], "accepted: 1")],
)
def test_parameters_of_the_burden_are_numbers_in_proportion_to_m_protein(part, value, says):
    section = copy.deepcopy(read_params(PARAMS)["tasks"]["smm"])
    section["burden"][part] = value
    with pytest.raises(ConfigError, match=says):
        parse_task("smm", section)
