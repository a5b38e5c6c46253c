"""What drives a model: weights by biomarker, how firm their ranking is over fits to halves, which way they point, and the pictures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from serving.artifact import Artifact, Calibration
from serving.models.linear import HorizonLogistic
from training.estimators import fit_candidate
from training.estimators.design import fit_design
from training.explanation.explanation import dependence, explain_model, horizons_to_show
from training.explanation.importance import Weights, harm_agreement
from training.plots import contributions as shap_plots
from training.plots.style import Picture

SPEC = FeatureSpec(("m_protein", "bmpc", "hemoglobin"), ("ever",), ("last", "slope"), ("age",))
NAMES = ["age", "m_protein", "bmpc", "hemoglobin"]
X = np.random.default_rng(1).uniform(1, 9, (200, 7))  # independent, all on one scale: a weight is the size of its coefficient


def linear(**coefficients):
    """Return a model of one slope per column, standardised; the coefficient of a biomarker is that of its latest value."""
    columns = SPEC.columns()
    slopes = {"age" if name == "age" else f"{name}__last__ever": value for name, value in coefficients.items()}
    design = fit_design(X, columns, columns, indicate=False)
    return HorizonLogistic(design, np.array([slopes.get(name, 0.0) for name in columns]), np.array([-2.0, -1.0]), columns)


def artifact(model, *halves):
    return Artifact("logistic", model, SPEC, (12, 24), Calibration.identity((12, 24)), {}, resampled=halves)


def weights(model, *halves):
    made = artifact(model, *halves)
    return Weights.of(made, X, made.model.contributions(X))


@pytest.fixture
def drawn(monkeypatch):
    """The figure that was saved last."""
    figures = []
    monkeypatch.setattr(Picture, "savefig", lambda figure, path: figures.append(figure))
    return lambda: figures[-1]


def test_a_ranking_that_every_fit_repeats_has_correlation_1_and_no_spread():
    model = linear(m_protein=3, bmpc=2, hemoglobin=-1, age=0.5)
    found = weights(model, model, model)
    assert found.rank_correlation(1) == pytest.approx(1.0)
    table = found.table((12, 24))
    assert (table["share_lo"] == table["share"]).all()
    assert (table["rank_best"] == table["rank_worst"]).all()


def test_a_fit_that_turns_the_ranking_round_undoes_one_that_repeats_it():
    model, other = linear(m_protein=3, bmpc=2, hemoglobin=-1, age=0.5), linear(m_protein=0.5, bmpc=1, hemoglobin=-2, age=3)
    assert weights(model, other).rank_correlation(0) == pytest.approx(-1.0)
    assert weights(model, model, other).rank_correlation(0) == pytest.approx(0.0)


def test_biomarkers_that_no_fit_uses_do_not_make_rankings_alike():
    assert weights(linear(m_protein=2, bmpc=1), linear(m_protein=1, bmpc=2)).rank_correlation(0) == pytest.approx(-1.0)


def test_a_fit_that_ranks_nothing_agrees_with_nothing():
    model = linear(m_protein=2, bmpc=1)
    assert weights(model, model, linear()).rank_correlation(0) == pytest.approx(0.5)


def test_the_table_gives_share_spread_ranks_and_how_often_among_the_first_three():
    halves = linear(m_protein=1, bmpc=2, hemoglobin=1.5, age=0.5), linear(m_protein=4, bmpc=2, hemoglobin=0.5, age=1)
    table = weights(linear(m_protein=3, bmpc=2, hemoglobin=-1), *halves).table((12, 24))
    assert table["horizon"].tolist() == [12] * 4 + [24] * 4
    at_12 = table.head(4).set_index("biomarker")
    assert at_12.index.tolist() == ["m_protein", "bmpc", "hemoglobin", "age"]
    assert at_12["rank"].tolist() == [1, 2, 3, 4]
    assert at_12["share"].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6, 0], abs=0.02)
    assert at_12["share_lo"].tolist() == pytest.approx([1 / 5, 2 / 7.5, 0.5 / 7.5, 0.5 / 5], abs=0.02)
    assert at_12["share_hi"].tolist() == pytest.approx([4 / 7.5, 2 / 5, 1.5 / 5, 1 / 7.5], abs=0.02)
    assert at_12[["rank_best", "rank_worst"]].to_numpy().tolist() == [[1, 3], [1, 2], [2, 4], [3, 4]]
    assert at_12["top_3"].tolist() == [1, 1, 0.5, 0.5]
    assert set(table["fits"]) == {2}


def test_without_fits_to_halves_the_weights_stand_alone():
    found = weights(linear(m_protein=2, bmpc=1))
    assert np.isnan(found.rank_correlation(0))
    table = found.table((12, 24))
    assert set(table["fits"]) == {0}
    assert table[["share_lo", "share_hi", "rank_best", "rank_worst", "top_3"]].isna().all(axis=None)
    assert table["rank"].tolist() == [1, 2, 3, 3] * 2


def test_a_biomarker_without_effect_ranks_last_and_among_the_first_in_no_fit(smm_plan):
    rng = np.random.default_rng(3)
    spec = FeatureSpec(("m_protein", "bmpc", "hemoglobin"), ("ever",), ("last",), ("age",))
    x = rng.standard_normal((1500, 4))
    boosting = {**smm_plan.models["boosting"], "rounds": 30, "eta": 0.1}
    plan = replace(smm_plan, task=replace(smm_plan.task, features=spec), models={"boosting": boosting})
    rows = pd.DataFrame(5 + x, columns=spec.columns()).assign(patient_id=[f"p{i}" for i in range(len(x))], event="event")
    rows["index_date"], rows["landmark"], rows["censored_by"] = pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01"), ""
    # Hemoglobin has no part in it; the others have in this order, and a low one of none harms.
    rows["time_to_event"] = 1500 * rng.exponential(size=len(x)) * np.exp(-(x @ [0.7, 1.4, 1.0, 0.0]))
    made = fit_candidate(rows, spec, plan, "boosting", {}, halves=4).artifact
    features = rows[spec.columns()].to_numpy()
    found = Weights.of(made, features, made.model.contributions(features))
    table = found.table(plan.task.horizons).query("horizon == 24")
    assert table["biomarker"].tolist() == ["m_protein", "bmpc", "age", "hemoglobin"]
    assert table["rank_best"].tolist()[-1] == 4
    assert table["top_3"].tolist()[-1] == 0
    assert found.rank_correlation(1) > 0.9


def test_horizons_that_differ_by_a_constant_need_one_picture_and_others_one_each():
    alike = linear(m_protein=1).contributions(X)
    assert horizons_to_show(alike, 1) == [1]
    differing = alike * np.array([1.0, 1.1])[None, :, None]
    assert horizons_to_show(differing, 1) == [0, 1]


def test_a_sample_is_explained_into_one_folder_a_horizon_and_the_figure_of_stability_is_logged(smm_plan, tmp_path):
    plan = replace(smm_plan, task=replace(smm_plan.task, features=SPEC, horizons=(12, 24)))
    judged = pd.DataFrame(X, columns=SPEC.columns())
    model = linear(m_protein=3, bmpc=2, hemoglobin=-1, age=0.5)
    with_halves = explain_model(artifact(model, model, model), judged, plan, tmp_path / "with")
    without = explain_model(artifact(model), judged, plan, tmp_path / "without")
    assert with_halves["shap_rank_correlation_24m"] == pytest.approx(1.0)
    assert without.keys() == with_halves.keys() - {"shap_rank_correlation_24m"}
    for folder in (tmp_path / "with", tmp_path / "without"):
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        pictures = {f"24m/{name}.png" for name in ("shap_beeswarm", "biomarker_importance", "dependence")}
        assert files == {"stability.csv", "availability.json"} | pictures


def test_dependence_is_of_the_whole_biomarker_against_its_latest_value_for_the_first_four_that_have_one():
    made = artifact(linear(m_protein=1))
    x = X.copy()
    x[:, SPEC.columns().index("bmpc__last__ever")] = np.nan
    values = np.arange(7.0) * np.ones((200, 1))
    points = dependence(made, x, values, ["age", "bmpc", "hemoglobin", "m_protein"])
    assert list(points) == ["hemoglobin", "m_protein"], "a static column has no latest value, marrow was never measured"
    latest, contribution = points["hemoglobin"]
    at = [SPEC.columns().index(f"hemoglobin__{statistic}__ever") for statistic in ("last", "slope")]
    assert latest == pytest.approx(x[:, at[0]])
    assert set(contribution) == {float(sum(at))}


def test_visits_without_a_value_are_ticks_at_the_edge_and_are_counted(drawn, tmp_path):
    value, contribution = np.array([1.0, np.nan, 3.0, np.nan, 200.0]), np.array([-1.0, 0.2, 0.1, 0.3, 2.0])
    shap_plots.dependence({"flc_ratio": (value, contribution), "m_protein": (np.arange(5.0), contribution)}, "t", tmp_path / "d.png")
    missing, whole = drawn().axes
    (ticks,) = [line for line in missing.lines if line.get_marker() == "_"]
    assert ticks.get_ydata().tolist() == [0.2, 0.3]
    assert np.isfinite(missing.collections[0].get_offsets()).all(axis=1).sum() == 3
    assert missing.get_xlabel() == "latest value, ratio; orange ticks: missing in 2 of 5"
    assert (missing.get_xscale(), whole.get_xscale()) == ("log", "linear")
    assert whole.get_xlabel() == "latest value, g/dL; missing in none"


def test_the_bars_carry_the_span_of_the_fits_where_there_are_any(drawn, tmp_path):
    model, half = linear(m_protein=3, bmpc=1), linear(m_protein=1, bmpc=1)
    shap_plots.biomarker_bar(weights(model, model, half).table((12, 24)).head(4), "t", tmp_path / "b.png")
    axis = drawn().axes[0]
    assert [bar.get_width() for bar in axis.patches][:2] == pytest.approx([75, 25], abs=2)
    (lines,) = axis.collections
    assert lines.get_segments()[0][:, 0].tolist() == pytest.approx([50, 75], abs=2)
    assert "2 fits to halves" in axis.get_xlabel()
    shap_plots.biomarker_bar(weights(model).table((12, 24)).head(4), "t", tmp_path / "b.png")
    assert not drawn().axes[0].collections
    assert "halves" not in drawn().axes[0].get_xlabel()


def test_a_contribution_that_falls_as_a_biomarker_of_low_harm_rises_follows_the_harm():
    columns, falling = SPEC.columns(), -X[:, SPEC.columns().index("hemoglobin__last__ever")]
    found = harm_agreement(columns, X, {"hemoglobin": falling, "m_protein": falling, "bmpc": np.zeros(len(X))})
    assert found["hemoglobin"] == pytest.approx(1.0)
    assert abs(found["m_protein"]) < 0.3
    assert "bmpc" not in found, "a contribution that never varies follows nothing"
    assert harm_agreement(columns, X, {"m_protein": -X[:, columns.index("m_protein__last__ever")]}) == {"m_protein": pytest.approx(-1.0)}
