"""What every kind of model keeps, over all kinds that are registered: a new one is tested by being there."""

import json

import numpy as np
import pytest

from serving.artifact import load_artifact, save_artifact
from serving.models import KINDS, Model, logit
from serving.predict import explain, predict_risk
from tests.model_kinds import COLUMNS, HORIZONS, artifact_of, fit, fitted, people

X = people(300, seed=2)[0]
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


@pytest.fixture(scope="module")
def artifacts():
    return {kind: artifact_of(kind) for kind in KINDS}


@every_kind
@pytest.mark.parametrize("n", [0, 1, 300])
def test_margins_and_contributions_have_the_shapes_that_the_base_class_says(kind, n):
    margins, contributions = fitted(kind).margins(X[:n]), fitted(kind).contributions(X[:n])
    assert margins.shape == (n, len(HORIZONS))
    assert contributions.shape == (n, len(HORIZONS), len(COLUMNS))
    assert margins.dtype == contributions.dtype == np.float64
    assert np.isfinite(margins).all()
    assert np.isfinite(contributions).all()


@every_kind
def test_several_models_asked_together_answer_as_each_does_alone_to_the_last_bit(kind):
    models = [fitted(kind), *(fit(kind, *people(400, seed=seed)) for seed in (5, 6))]
    each = np.array([model.margins(X) for model in models])
    assert KINDS[kind].together(models)(X).tobytes() == each.tobytes()
    margins, contributions = KINDS[kind].explaining(models)(X)
    assert (margins.tobytes(), contributions.tobytes()) == (each.tobytes(), models[0].contributions(X).tobytes())


@every_kind
@pytest.mark.parametrize("scale", [1.0, 100.0, 1e6])
def test_no_risk_falls_as_the_horizon_grows_whatever_the_values(kind, scale):
    rng = np.random.default_rng(3)
    x = rng.normal(0.0, scale, (2000, len(COLUMNS)))
    x[rng.random(x.shape) < 0.3] = np.nan
    margins = fitted(kind).margins(x)
    assert (np.diff(margins, axis=1) >= 0).all()
    assert np.isfinite(margins).all()


@every_kind
def test_a_person_of_whom_nothing_is_known_has_a_risk_with_its_reasons(kind):
    nothing = np.full((1, len(COLUMNS)), np.nan)
    assert np.isfinite(fitted(kind).margins(nothing)).all()
    assert np.isfinite(fitted(kind).contributions(nothing)).all()


@every_kind
def test_base_and_contributions_add_up_to_the_risk_that_is_shown(artifacts, kind):
    explained = explain(artifacts[kind], X)
    assert explained.base + explained.contributions.sum(axis=2) == pytest.approx(logit(explained.risks), abs=1e-5)
    assert np.ptp(explained.contributions, axis=0).max() > 0.1


@every_kind
def test_a_column_that_moves_nothing_has_no_part_in_any_risk(kind):
    x, rows = people()
    x[:, COLUMNS.index("hemoglobin__last__ever")] = 13.0  # one value: there was nothing to learn from it
    model, changed = fit(kind, x, rows), X.copy()
    changed[:, COLUMNS.index("hemoglobin__last__ever")] = 9.0
    assert model.margins(changed).tobytes() == model.margins(X).tobytes()
    assert (model.contributions(changed)[:, :, COLUMNS.index("hemoglobin__last__ever")] == 0).all()


@every_kind
def test_a_row_alone_has_the_answer_that_it_has_among_many_to_the_last_bit(kind):
    whole = {name: getattr(fitted(kind), name)(X) for name in ("margins", "contributions")}
    for name, together in whole.items():
        answer = getattr(fitted(kind), name)
        for some in ([0], [299], list(range(7)), list(range(299, -1, -1))):
            assert answer(X[some]).tobytes() == together[some].tobytes(), name


@every_kind
def test_asking_changes_nothing_of_what_is_asked(kind):
    x = X.copy()
    x.flags.writeable = False
    first = fitted(kind).margins(x)
    fitted(kind).contributions(x)
    assert fitted(kind).margins(x).tobytes() == first.tobytes()


@every_kind
@pytest.mark.parametrize("threads", [1, 4])
def test_what_is_saved_is_what_is_loaded_to_the_last_bit_on_any_number_of_threads(artifacts, kind, threads, tmp_path):
    save_artifact(artifacts[kind], tmp_path)
    again = load_artifact(tmp_path, threads=threads)
    assert type(again.model) is KINDS[kind]
    assert predict_risk(again, X).tobytes() == predict_risk(artifacts[kind], X).tobytes()
    before, after = explain(artifacts[kind], X), explain(again, X)
    for part in ("base", "lower", "upper", "contributions"):
        assert getattr(after, part).tobytes() == getattr(before, part).tobytes(), part


@every_kind
def test_what_is_saved_is_data_that_any_program_reads(artifacts, kind, tmp_path):
    save_artifact(artifacts[kind], tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".ubj", ".sha256"}

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text(), parse_constant=refuse)


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(ValueError, match='two classes are the model kind "cox": CauseSpecificCox and Other'):

        class Other(Model, kind="cox"):
            pass
