"""A model is data: what was saved is what is loaded, and a model of other features is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from features import read_cohort
from myeloma import StateError, UserError
from serving.artifact import Calibration, feature_matrix, load_artifact, save_artifact
from serving.models.time_varying import TimeVaryingIntercept
from serving.predict import predict_risk

KINDS = ("boosting", "logistic", "cox")


def test_nothing_saved_is_a_pickle(trained):
    files = [path for path in trained.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if path.suffix in (".pkl", ".joblib", ".cloudpickle")]
    assert not [path.name for path in files if path.read_bytes()[:2] in (b"\x80\x04", b"\x80\x05")]


def test_a_model_of_other_features_is_refused_with_both_hashes(trained, tmp_path):
    artifact = load_artifact(trained.folder / "fit" / "cox" / "artifact")
    save_artifact(artifact, tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**content, "feature_hash": "0" * 16}))
    with pytest.raises(StateError, match=f"0000000000000000.*{artifact.spec.feature_hash()}"):
        load_artifact(tmp_path)


def test_a_model_of_a_later_version_is_refused_since_a_part_of_it_may_be_unknown_here(trained, tmp_path):
    save_artifact(load_artifact(trained.folder / "fit" / "cox" / "artifact"), tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**content, "format": 4}))
    with pytest.raises(StateError, match="its format is 4, this version reads 2 and 3"):
        load_artifact(tmp_path)


def test_a_logistic_model_of_before_there_was_a_course_is_read_without_one(trained, smm_table, tmp_path):
    artifact = load_artifact(trained.folder / "fit" / "logistic" / "artifact")
    assert artifact.model.time_varying.scales
    save_artifact(artifact, tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    for model in (content["model"], *content["resampled"]):
        del model["course"]
    (tmp_path / "model.json").write_text(json.dumps({**content, "format": 2}))
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
    save_artifact(load_artifact(trained.folder / "fit" / kind / "artifact"), tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**content, "model": {}}))
    with pytest.raises(StateError, match="cannot be read"):
        load_artifact(tmp_path)


def test_a_booster_that_is_cut_off_is_refused_in_words(trained, tmp_path):
    save_artifact(load_artifact(trained.folder / "fit" / "boosting" / "artifact"), tmp_path)
    (tmp_path / "booster.ubj").write_bytes((tmp_path / "booster.ubj").read_bytes()[:100])
    with pytest.raises(StateError, match="cannot be read"):
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
    plain = replace(artifact, calibration=Calibration.identity(artifact.horizons))
    x = feature_matrix(artifact, smm_table.rows.head(5))
    assert np.log(predict_risk(plain, x) / (1 - predict_risk(plain, x))) == pytest.approx(plain.model.margins(x))
