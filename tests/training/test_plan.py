"""`params.yaml`, section `training`: what ships parses, what is mistyped is named with the nearest valid word."""

import copy
from dataclasses import replace

import pytest
import yaml

from features.params import read_params
from myeloma import ConfigError
from serving.models.unknown import MOST_BIOMARKERS
from training.plan import load_plan, parse_plan


@pytest.fixture
def section(root):
    """Return a copy of what is fitted and demanded for mgus, to spoil."""
    return copy.deepcopy(read_params(root / "params.yaml")["training"]["mgus"])


@pytest.fixture
def refused(mgus_task):
    """Return a function that gives the refusal of a section."""

    def refusal(section):
        with pytest.raises(ConfigError) as raised:
            parse_plan(mgus_task, section)
        return raised.value

    return refusal


@pytest.mark.parametrize("name", ["mgus", "smm"])
def test_the_shipped_plans_parse(root, name):
    plan = load_plan(name, root / "params.yaml")
    assert plan.task.name == name
    assert plan.primary_horizon in plan.task.horizons
    assert {"boosting", "logistic", "cox"} <= set(plan.models)
    assert set(plan.models["cox"]["covariates"]) <= set(plan.task.features.columns())


@pytest.mark.parametrize("name", ["mgus", "smm", "relapse"])
def test_every_biomarker_of_a_shipped_task_may_be_unknown(root, name):
    assert len(load_plan(name, root / "params.yaml").task.features.biomarkers) <= MOST_BIOMARKERS


def test_what_gaps_are_measured_from_stays_as_it_was_published_so_that_figures_compare(smm_plan):
    levels = ["m_protein__last__ever", "flc_ratio__last__ever", "bmpc__last__ever", "creatinine__last__ever", "age"]
    evolving = [f"{name}__evolving__ever" for name in ("m_protein", "flc_ratio", "hemoglobin", "creatinine")]
    assert smm_plan.models[smm_plan.reference] == {
        "kind": "cox",
        "covariates": [*levels, *evolving],
        "penalty": 0.001,
        "impute": False,  # as every Cox was when the figures were first published
        "weighting": "patients",
    }
    assert "months_since_index" in smm_plan.models["cox"]["covariates"]


@pytest.mark.parametrize(
    ("where", "key", "nearest"),
    [
        ((), "model", "models"),
        ((), "primary_horizons", "primary_horizon"),
        (("evaluation",), "fold", "folds"),
        (("gate",), "auc_at_last", "auc_at_least"),
    ],
)
def test_an_unknown_key_names_the_nearest(section, refused, where, key, nearest):
    inner = section
    for step in where:
        inner = inner[step]
    inner[key] = 1
    refusal = refused(section)
    assert refusal.what == f'Unknown key "{key}" in {".".join(("training", "mgus", *where))}.'
    assert f'did you mean "{nearest}"?' in refusal.hint


@pytest.mark.parametrize("key", ["task", "horizons", "treatment"])
def test_the_question_is_not_asked_again_in_the_plan(section, refused, key):
    assert refused(section | {key: 1}).what == f'Unknown key "{key}" in training.mgus.'


@pytest.mark.parametrize(
    ("where", "key"), [("", "models"), ("", "primary_horizon"), ("", "scores"), ("evaluation", "seed"), ("gate", "auc_at_least")]
)
def test_a_missing_key_is_named(section, refused, where, key):
    del (section[where] if where else section)[key]
    assert refused(section).what == f"training.mgus{'.' if where else ''}{where} lacks: {key}."


def test_all_that_a_section_lacks_is_named_at_once(section, refused):
    del section["gate"], section["models"], section["evaluation"]["kind"]
    assert refused(section).what == "training.mgus lacks: gate, models."


@pytest.mark.parametrize("part", ["evaluation", "gate"])
def test_an_empty_part_says_what_it_may_hold(section, refused, part):
    refusal = refused(section | {part: None})
    assert refusal.what == f"training.mgus.{part} is empty, or is not a section."
    assert {"evaluation": "bootstrap, cut_offs, folds, kind", "gate": "auc_at_least, auc_loss_at_most"}[part] in refusal.hint


def test_a_model_without_options_takes_its_defaults(section, mgus_task):
    assert parse_plan(mgus_task, section | {"models": {"logistic": None}}).models == {"logistic": {}}


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        ({"interval_fits": "many"}, 'interval_fits is "many", accepted: an even number; 0 for no intervals'),
        ({"interval_fits": 3}, "interval_fits is 3, accepted: an even number"),
        ({"models": {}}, "models is {}, accepted: at least 1 value(s)"),
        ({"models": None}, "models is null, accepted: a section"),
        ({"models": {"boosting": 5}}, "models.boosting is 5, accepted: a section"),
        ({"scores": "mayo_2018"}, 'scores is "mayo_2018", accepted: a list'),
        ({"evaluation": {"test_share": 0.04}}, "evaluation.test_share is 0.04, accepted: 0.05 or more"),
        ({"evaluation": {"test_share": 0.96}}, "evaluation.test_share is 0.96, accepted: 0.95 or less"),
        ({"evaluation": {"bootstrap": 0}}, "evaluation.bootstrap is 0, accepted: 2 or more"),
        ({"evaluation": {"bootstrap": 1}}, "evaluation.bootstrap is 1, accepted: 2 or more"),
        ({"evaluation": {"kind": "bootstrap"}}, "evaluation.kind is \"bootstrap\", accepted: 'held_out' or 'cross_validation'"),
        ({"gate": {"auc_at_least": 60}}, "gate.auc_at_least is 60, accepted: 1.0 or less"),
        ({"gate": {"oe_ratio_between": [0.8]}}, "gate.oe_ratio_between is [0.8], accepted: one value more"),
    ],
)
def test_a_wrong_value_is_refused_once_and_in_plain_words(section, refused, slip, says):
    for key, value in slip.items():
        section[key] = section[key] | value if key in ("evaluation", "gate") else value
    what = refused(section).what
    assert what.startswith(f"training.mgus.{says}")
    assert [word for word in ("Input should", "tuple", "constrained", "parse", " not ") if word in what] == []


def test_a_primary_horizon_outside_the_horizons_of_the_task_is_refused(section, refused, mgus_plan):
    assert refused(section | {"primary_horizon": 24}).what == "Task mgus: primary_horizon 24 is not among (60, 120, 240)."
    with pytest.raises(ConfigError, match="primary_horizon 240 is not among"):
        replace(mgus_plan, task=replace(mgus_plan.task, horizons=(60, 120)))


def test_an_unknown_published_score_names_the_nearest(section, refused):
    refusal = refused(section | {"scores": ["mayo_2019"]})
    assert refusal.what == 'Task mgus: unknown published score "mayo_2019".'
    assert 'did you mean "mayo_2018"?' in refusal.hint


def test_a_reference_that_is_no_model_names_the_nearest(section, refused):
    refusal = refused(section | {"reference": "coxx"})
    assert refusal.what == 'Task mgus: the reference "coxx" is not a model.'
    assert 'did you mean "cox"?' in refusal.hint


def test_bounds_of_the_gate_that_nothing_can_meet_are_refused(section, refused):
    section["gate"]["oe_ratio_between"] = [1.25, 0.8]
    assert refused(section).what == "The gate's oe_ratio_between is [1.25, 0.8]."


@pytest.mark.parametrize(
    ("training", "hint"),
    [(None, "a section `training` holds one section per task"), ({"mguss": {}}, 'did you mean "mguss"?'), ([], "a section `training`")],
)
def test_a_task_that_nobody_says_how_to_answer_is_refused(root, tmp_path, training, hint):
    path, content = tmp_path / "params.yaml", yaml.safe_load((root / "params.yaml").read_text())
    path.write_text(yaml.safe_dump({"tasks": content["tasks"], "training": training}))
    with pytest.raises(
        ConfigError, match=r"does not say what is fitted to answer the task mgus: it has no section training\.mgus"
    ) as refusal:
        load_plan("mgus", path)
    assert hint in refusal.value.hint


def test_a_file_of_yesterday_is_told_where_its_lines_belong_now(root, tmp_path):
    content = yaml.safe_load((root / "params.yaml").read_text())
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"tasks": {"mgus": content["tasks"]["mgus"] | content["training"]["mgus"]}}))
    with pytest.raises(ConfigError, match="holds primary_horizon, scores, models, evaluation, gate, interval_fits") as refusal:
        load_plan("mgus", path)
    assert "below `training:` and `mgus:`" in refusal.value.hint


def test_a_diagnosis_is_muted_by_its_code_with_a_reason(section, mgus_task):
    assert parse_plan(mgus_task, section | {"muted": {"one_input": "M-protein alone is the question"}}).muted == {
        "one_input": "M-protein alone is the question"
    }


def test_an_unknown_diagnosis_cannot_be_muted_and_the_nearest_is_named(section, refused):
    refusal = refused(section | {"muted": {"one_inputs": "M-protein alone is the question"}})
    assert refusal.what == 'training.mgus.muted: no diagnosis "one_inputs".'
    assert 'did you mean "one_input"?' in refusal.hint


@pytest.mark.parametrize("reason", ["", "known", "         known         ", None])
def test_a_diagnosis_is_not_muted_without_a_reason(section, refused, reason):
    refusal = refused(section | {"muted": {"one_input": reason}})
    assert "training.mgus.muted.one_input is" in refusal.what


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../cohort", "it names a folder and figures"),
        ("", "it names a folder and figures"),
        ("cox-1", "it names a folder and figures"),
        ("mayo_2018", "a published score is called so"),
        ("logistic_lo", "_lo and _hi are bounds"),
        ("cox_minus_age", "_minus_ is a difference"),
        ("Cox", 'beside "cox"'),
    ],
)
def test_a_models_name_is_a_folder_and_nothing_else(section, refused, name, says):
    section["models"][name] = {"kind": "logistic"}
    error = refused(section)
    assert f'training.mgus.models: "{name}" cannot be the name of a model' in str(error)
    assert says in str(error)


def test_letters_digits_and_underscores_name_a_model(section, mgus_task):
    section["models"]["logistic_2"] = {"kind": "logistic"}
    assert "logistic_2" in parse_plan(mgus_task, section).models
