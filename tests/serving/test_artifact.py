"""A model is data: what was saved is what is loaded, and a model of other features is refused."""

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from features import read_cohort
from myeloma import StateError, UserError
from serving.artifact import Calibration, feature_matrix, load_artifact, save_artifact
from serving.models.time_varying import TimeVaryingIntercept
from serving.predict import predict_risk
from serving.seal import FILE, write_seal

KINDS = ("boosting", "logistic", "cox")


def saved(trained, kind, folder):
    """Save a trained model into a folder; return the checksum of its seal."""
    return save_artifact(load_artifact(trained.folder / "fit" / kind / "artifact"), folder)


def edit(folder, change, reseal):
    """Change what the model's file holds, and seal the folder anew or not."""
    content = json.loads((folder / "model.json").read_text())
    change(content)
    (folder / "model.json").write_text(json.dumps(content))
    if reseal:
        write_seal(folder)


def test_nothing_saved_is_a_pickle(trained):
    files = [path for path in trained.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if path.suffix in (".pkl", ".joblib", ".cloudpickle")]
    assert not [path.name for path in files if path.read_bytes()[:2] in (b"\x80\x04", b"\x80\x05")]


def test_a_model_of_other_features_is_refused_with_both_hashes(trained, tmp_path):
    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    saved(trained, "cox", tmp_path)
    edit(tmp_path, lambda content: content.update(feature_hash="0" * 16), reseal=True)
    with pytest.raises(StateError, match=f"0000000000000000.*{artifact.spec.feature_hash()}"):
        load_artifact(tmp_path)


def test_a_model_of_a_later_version_is_refused_since_a_part_of_it_may_be_unknown_here(trained, tmp_path):
    saved(trained, "cox", tmp_path)
    edit(tmp_path, lambda content: content.update(format=9), reseal=True)
    with pytest.raises(StateError, match="its format is 9, this version reads 2, 3, 4, 5, 6, 7, 8"):
        load_artifact(tmp_path)


def test_a_logistic_model_of_before_there_was_a_course_is_read_without_one(trained, smm_table, tmp_path):
    artifact = load_artifact(trained.folder / "fit" / "logistic" / "artifact")
    assert artifact.model.time_varying.scales
    save_artifact(artifact, tmp_path)

    def as_format_2(content):
        content["format"] = 2
        for model in (content["model"], *content["resampled"]):
            del model["course"]

    edit(tmp_path, as_format_2, reseal=True)
    before = load_artifact(tmp_path)
    first = feature_matrix(before, smm_table.rows.head(50))
    assert before.model.margins(first) == pytest.approx(
        replace(artifact.model, time_varying=TimeVaryingIntercept()).margins(first), abs=1e-12
    )


def test_rules_and_provenance_are_kept_with_a_model(trained, small_smm_plan):
    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    assert artifact.rules == small_smm_plan.task.rules
    assert artifact.provenance.cohort_hash == read_cohort(trained.cohort).content_hash()
    assert artifact.provenance.simulated


def test_rules_that_are_none_of_this_version_are_refused_in_words(trained):
    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    with pytest.raises(StateError, match=r"""rules\.treatment is "stop", accepted: 'censor', 'ignore' or 'composite'"""):
        _ = replace(artifact, about=artifact.about | {"treatment": "stop"}).rules


def test_a_folder_without_a_model_and_a_damaged_model_are_refused(tmp_path):
    with pytest.raises(StateError, match=r"no model\.json"):
        load_artifact(tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(StateError, match="cannot be read"):
        load_artifact(tmp_path)


@pytest.mark.parametrize("kind", [*KINDS, "ensemble"])
def test_a_model_of_which_a_part_is_gone_is_refused_in_words(trained, tmp_path, kind):
    saved(trained, kind, tmp_path)
    edit(tmp_path, lambda content: content.update(model={}), reseal=True)
    with pytest.raises(StateError, match="cannot be read"):
        load_artifact(tmp_path)


@pytest.mark.parametrize("reseal", [False, True])
def test_a_booster_that_is_cut_off_is_refused_in_words(trained, tmp_path, reseal):
    saved(trained, "boosting", tmp_path)
    (tmp_path / "booster.ubj").write_bytes((tmp_path / "booster.ubj").read_bytes()[:100])
    if reseal:
        write_seal(tmp_path)
    with pytest.raises(StateError, match="cannot be read" if reseal else r"not as it was sealed: booster\.ubj was changed"):
        load_artifact(tmp_path)


def ten_fold(content):
    content["model"]["coefficients"] = [10 * value for value in content["model"]["coefficients"]]


def guard_off(content):
    content["about"]["criteria_guard"] = False


@pytest.mark.parametrize("change", [ten_fold, guard_off])
def test_a_model_that_was_edited_is_refused_by_the_name_of_the_file(trained, tmp_path, change):
    saved(trained, "logistic", tmp_path)
    edit(tmp_path, change, reseal=False)
    with pytest.raises(StateError, match=r"not as it was sealed: model\.json was changed after it was saved") as refused:
        load_artifact(tmp_path)
    assert refused.value.code == "seal"


@pytest.mark.parametrize("change", [ten_fold, guard_off])
def test_a_model_that_was_edited_and_sealed_anew_is_refused_by_what_the_registry_recorded(trained, tmp_path, change):
    recorded = saved(trained, "logistic", tmp_path)
    assert load_artifact(tmp_path, recorded=["", recorded]).seal == recorded
    edit(tmp_path, change, reseal=True)
    with pytest.raises(StateError, match=r"not the one that was registered: its seal is [0-9a-f]{12}, registry and ledger have") as refused:
        load_artifact(tmp_path, recorded=[recorded])
    assert recorded[:12] in refused.value.what


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "half_00" / "booster.ubj").unlink(), r"half_00/booster\.ubj is gone"),
        (lambda folder: (folder / "new.json").write_text("{}"), r"new\.json was added"),
        (lambda folder: (folder / FILE).write_text("nothing\n"), r"seal .* cannot be read"),
        (lambda folder: (folder / FILE).write_text(""), r"seal .* cannot be read"),
        (lambda folder: (folder / FILE).write_bytes(b"\xff"), r"seal .* cannot be read"),
        (lambda folder: (folder / FILE).write_text("0" * 64 + "  ../model.json\n"), r"a path that leaves the folder: \.\./model\.json"),
        (lambda folder: (folder / FILE).write_text("0" * 64 + "  /etc/hosts\n"), "a path that leaves the folder: /etc/hosts"),
        (lambda folder: (folder / FILE).unlink(), r"has no seal \(seal\.sha256\), which format 8 always has"),
    ],
)
def test_a_folder_with_a_file_more_or_less_or_another_seal_is_refused(trained, tmp_path, damage, says):
    saved(trained, "boosting", tmp_path)
    damage(tmp_path)
    with pytest.raises(StateError, match=says) as refused:
        load_artifact(tmp_path)
    assert refused.value.code == "seal"


def test_what_a_desktop_leaves_in_a_folder_is_no_part_of_the_model(trained, tmp_path):
    saved(trained, "cox", tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"icons")
    assert load_artifact(tmp_path).kind == "cox"


def test_a_seal_is_read_by_the_tool_that_everybody_has(trained, tmp_path):
    saved(trained, "boosting", tmp_path)
    checked = subprocess.run(["sha256sum", "-c", FILE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "booster.ubj: OK" in checked.stdout


def test_a_model_of_before_there_were_seals_is_read_and_the_log_says_so_unless_a_seal_is_recorded(trained, tmp_path, caplog):
    saved(trained, "logistic", tmp_path)
    edit(tmp_path, lambda content: content.update(format=3), reseal=False)
    (tmp_path / FILE).unlink()
    assert load_artifact(tmp_path).seal == ""
    assert "is of format 3, before models were sealed: nothing tells whether it was changed" in caplog.text
    with pytest.raises(StateError, match="not the one that was registered: it has no seal"):
        load_artifact(tmp_path, recorded=["0" * 64])


def at(*path, to):
    """Return the change that puts a value in a place of the model's file."""

    def change(content):
        for step in path[:-1]:
            content = content[step]
        content[path[-1]] = to(content[path[-1]]) if callable(to) else to

    return change


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("logistic", at("horizons", to=[24, 12, 60]), r"horizons are \[24, 12, 60\], accepted: whole months that rise"),
        ("logistic", at("horizons", to=[12, 24]), "2 horizons|3 intercepts"),
        ("logistic", at("horizons", to=[12, 24, 60.5]), "whole months"),
        ("logistic", at("horizons", to=[]), "whole months"),
        ("logistic", at("kind", to="oracle"), "its kind is 'oracle', accepted: boosting, cox"),
        ("logistic", at("calibration", "slope", to=float("nan")), "positive slope"),
        ("logistic", at("calibration", "intercepts", to=[0.0, float("inf"), 1.0]), "positive slope"),
        ("logistic", at("calibration", "intercepts", to=[0.0, 0.1]), "2 intercepts for 3 horizons"),
        ("logistic", at("model", "coefficients", 0, to=float("nan")), "coefficients holds a number that is not finite"),
        ("logistic", at("model", "coefficients", to=lambda v: v[:-1]), "coefficients has the shape"),
        ("logistic", at("model", "coefficients", to=lambda v: [v]), "coefficients has the shape"),
        ("logistic", at("model", "intercepts", to=[0.0]), r"intercepts has the shape \(1,\), accepted: \(3,\)"),
        ("logistic", at("model", "course", "effects", to=lambda v: v[::2]), "effects has the shape"),
        ("logistic", at("model", "course", "scales", to=lambda v: [-s for s in v]), "its course needs"),
        ("logistic", at("model", "design", "sd", to=lambda v: [0.0] * len(v)), "a standard deviation is not positive"),
        ("logistic", at("model", "design", "lower", to=lambda v: [1e9] * len(v)), "a lower limit is above the upper one"),
        ("logistic", at("model", "design", "features", 0, to="shoe_size"), "features names 'shoe_size', which the model has not"),
        (
            "logistic",
            at("model", "design", "features", 1, to=lambda v: "age"),
            "features names 'age', which the model has not, or has twice",
        ),
        ("logistic", at("model", "design", "scale", 0, to="cubic"), "scale holds 'cubic', accepted: linear, log, percent"),
        ("logistic", at("model", "design", "missing_share", to=lambda v: [1.0] * len(v)), "missing_share"),
        ("logistic", at("model", "design", "knots", "age", to=lambda v: v[::-1]), "do not rise"),
        ("logistic", at("resampled", 0, "coefficients", to=[]), "coefficients has the shape"),
        (
            "logistic",
            at("resampled_calibrations", to=lambda v: v[:1]),
            "1 of its 2 fits to halves are recalibrated, accepted: none, or all of pairs",
        ),
        ("logistic", at("resampled_calibrations", 0, "slope", to=-1.0), "a calibration needs a positive slope"),
        ("logistic", at("resampled_calibrations", 1, "intercepts", to=[0.0]), "the calibration has 1 intercepts for 3 horizons"),
        ("cox", at("model", "coefficients", to=lambda v: v[:1]), "coefficients has the shape"),
        ("cox", at("model", "monthly_hazard", to=lambda v: [row[:-1] for row in v]), r"monthly_hazard has the shape \(2, 59\)"),
        ("cox", at("model", "monthly_hazard", 0, to=lambda v: [-h for h in v]), "a negative hazard"),
        ("boosting", at("model", "file", to="../boosting/booster.ubj"), r"'\.\./boosting/booster\.ubj', a path that leaves its own folder"),
        ("boosting", at("model", "file", to="/etc/hosts"), "'/etc/hosts', a path that leaves its own folder"),
        ("ensemble", at("model", "weights", "boosting", to=5.0), "weights of its members are"),
        ("ensemble", at("model", "weights", to=lambda v: dict.fromkeys(v, float("nan"))), "weights of its members are"),
        ("ensemble", at("model", "weights", to=lambda v: {"boosting": 1.0}), "it weighs boosting, its members are boosting, logistic"),
        ("ensemble", at("model", "members", "boosting", "file", to="../../booster.ubj"), "a path that leaves its own folder"),
    ],
)
def test_a_model_that_no_fit_writes_is_refused_in_words_however_it_is_sealed(trained, tmp_path, kind, change, says):
    saved(trained, kind, tmp_path)
    edit(tmp_path, change, reseal=True)
    with pytest.raises(StateError, match=says) as refused:
        load_artifact(tmp_path)
    assert refused.value.code == "model"


def test_trees_of_other_columns_are_refused(trained, tmp_path):
    saved(trained, "boosting", tmp_path)
    edit(tmp_path, at("spec", "static", to=["age"]), reseal=False)
    edit(tmp_path, at("spec", "burden", to=None), reseal=False)
    spec = replace(load_artifact(trained.folder / "fit" / "boosting" / "artifact").spec, static=("age",), burden=None)
    edit(tmp_path, at("feature_hash", to=spec.feature_hash()), reseal=True)
    with pytest.raises(StateError, match=r"its trees know \d+ columns, accepted: \d+ and the horizon"):
        load_artifact(tmp_path)


def test_features_are_taken_by_name_and_a_missing_one_is_named(trained, smm_table):
    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    shuffled = smm_table.rows[smm_table.rows.columns[::-1]]
    assert feature_matrix(artifact, shuffled).tobytes() == feature_matrix(artifact, smm_table.rows).tobytes()
    with pytest.raises(UserError, match="the first is age"):
        feature_matrix(artifact, smm_table.rows.drop(columns="age"))


@pytest.mark.parametrize(("slope", "intercepts"), [(0.0, (0.0, 0.0)), (-1.0, (0.0, 0.0)), (1.0, (0.1, 0.0))])
def test_a_calibration_that_could_reorder_horizons_is_impossible(slope, intercepts):
    with pytest.raises(ValueError, match="positive slope"):
        Calibration(slope, intercepts)


def test_the_identity_calibration_changes_nothing(trained, smm_table):
    from dataclasses import replace

    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    plain = replace(artifact, calibration=Calibration.identity(artifact.horizons), unknown=None)
    x = feature_matrix(artifact, smm_table.rows.head(5))
    assert np.log(predict_risk(plain, x) / (1 - predict_risk(plain, x))) == pytest.approx(plain.model.margins(x))
