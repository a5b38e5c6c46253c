"""The pictures of one person: bars that add up to the risk, and a history that hides nothing and promises nothing."""

import itertools

import numpy as np
import pytest
from matplotlib.patches import Polygon

from myeloma import DataError
from serving.models import logistic, logit
from serving.models.ensemble import Ensemble
from serving.predict import explain
from tests.model_kinds import artifact_of, fitted, people
from training.plots import Course, Trend, trajectory, waterfall, waterfall_of

CONTRIBUTIONS = {"m_protein": 0.62, "hemoglobin": -0.22, "age": -0.11, "creatinine": 0.05}
WHEN = ["2019-03-01", "2019-09-01", "2021-09-01", "2022-03-01"]
COURSE = Course.of(WHEN, [0.06, 0.08, 0.11, 0.18], [0.04, 0.05, 0.08, 0.12], [0.09, 0.12, 0.16, 0.25])


def bars_of(figure):
    return [patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Polygon)]


def lines_of(axis, style):
    return [line for line in axis.lines if line.get_linestyle() == style and len(line.get_xdata()) == 2]


def test_the_bars_lead_from_the_average_to_the_risk_of_the_person():
    figure = waterfall(-2.3, CONTRIBUTIONS)
    shapes = bars_of(figure)
    assert shapes[0][0, 0] == pytest.approx(-2.3)
    assert shapes[-1][2, 0] == pytest.approx(-2.3 + sum(CONTRIBUTIONS.values()))
    for before, after in itertools.pairwise(shapes):
        assert after[0, 0] == pytest.approx(before[2, 0]), "each bar begins where the last one ended"
    shown = f"{round(100 * float(logistic(np.array(-2.3 + sum(CONTRIBUTIONS.values())))))} %"
    assert f"This person {shown}" in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_an_arrow_points_where_its_sign_says_and_has_its_colour():
    figure = waterfall(-2.3, CONTRIBUTIONS)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["+0.62", "−0.22", "−0.11", "+0.05"]
    for patch, text in zip(figure.axes[0].patches, texts, strict=True):
        rises = patch.get_xy()[2, 0] > patch.get_xy()[0, 0]
        assert rises == (text[0] == "+")
        assert (patch.get_facecolor()[0] > patch.get_facecolor()[2]) == rises  # orange raises, blue lowers


def test_what_is_beyond_the_seven_largest_is_one_bar_that_says_how_many():
    names = ("m_protein", "bmpc", "hemoglobin", "creatinine", "calcium", "albumin", "b2m", "age", "female")
    many = {name: 0.1 * (k + 1) for k, name in enumerate(names)}
    figure = waterfall(-2.0, many)
    assert len(bars_of(figure)) == 8
    assert "2 others" in [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert bars_of(figure)[-1][2, 0] == pytest.approx(-2.0 + sum(many.values()))


def test_no_name_of_a_row_lies_outside_the_picture():
    details = {"m_protein": "2.6 g/dL, up 0.4 in 12 months"}
    figure = waterfall(-2.3, CONTRIBUTIONS | {"flc_ratio": 0.4}, details=details, within="2 years", foot="As of 10 Jul 2022.")
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for text in (*figure.axes[0].get_yticklabels(), *figure.axes[0].texts):
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height


def test_the_waterfall_of_an_explained_person_ends_at_the_shown_risk_of_that_horizon():
    artifact, x = artifact_of("logistic"), people(5, seed=3)[0]
    explained = explain(artifact, x)
    figure = waterfall_of(artifact, explained, 24, row=2)
    assert bars_of(figure)[-1][2, 0] == pytest.approx(logit(explained.risks[2, 1]), abs=1e-5)
    assert figure.alt.startswith("Risk within 24 months: ")
    with pytest.raises(DataError, match="no horizon of 18 months"):
        waterfall_of(artifact, explained, 18)


def test_where_the_bars_start_is_told_of_each_kind_of_model():
    linear, boosting = fitted("logistic"), fitted("boosting")
    for model, said in (
        (linear, "the risk at average values of the people of training"),
        (boosting, "the mean log-odds of the people of training, with this person's share of the horizon"),
        (Ensemble({"logistic": linear, "boosting": boosting}, {"logistic": 0.5, "boosting": 0.5}), "a weighted mean of "),
        (Ensemble({"logistic": linear, "boosting": boosting}, {"logistic": 1.0, "boosting": 0.0}), linear.start),
    ):
        assert model.start.startswith(said)
    artifact, x = artifact_of("boosting"), people(5, seed=3)[0]
    figure = waterfall_of(artifact, explain(artifact, x), artifact.horizons[0])
    assert f"Start: {boosting.start}." in " ".join(figure._supxlabel.get_text().split())


def test_without_contributions_there_is_no_waterfall():
    with pytest.raises(DataError, match="no contribution to show"):
        waterfall(-2.3, {})


def test_the_title_of_a_history_is_the_risk_at_the_landmark_with_its_interval():
    figure = trajectory(COURSE, [Trend.of("m_protein", WHEN, [1.8, 1.9, 2.2, 2.6])], within="2 years", landmark="2021-09-01")
    assert figure.alt.startswith("Risk of progression within 2 years (%): 11, between 8 and 16")


def test_what_was_known_later_is_hollow_and_the_foot_says_so():
    trend = Trend.of("m_protein", WHEN, [1.8, 1.9, 2.2, 2.6])
    later, now = (trajectory(COURSE, [trend], landmark=day) for day in ("2021-09-01", "2022-03-01"))
    assert "known later, not used" in later.get_supxlabel()
    assert "known later" not in now.get_supxlabel()
    (hollow,) = [line for line in later.axes[1].lines if line.get_marker() == "o" and line.get_markerfacecolor() == "#FFFFFF"]
    assert list(hollow.get_ydata()) == [2.6]


def test_a_gap_of_more_than_18_months_is_dotted():
    axis = trajectory(COURSE, [Trend.of("m_protein", WHEN, [1.8, 1.9, 2.2, 2.6])]).axes[1]
    dotted = [line for line in lines_of(axis, ":") if line.get_ydata()[0] != line.get_ydata()[1]]
    assert [list(line.get_ydata()) for line in dotted] == [[1.9, 2.2]]


def test_a_result_below_the_limit_of_detection_is_a_hollow_triangle_and_is_said_to_be_below():
    axis = trajectory(COURSE, [Trend.of("flc_lambda", WHEN, [5.0, 4.0, 3.0, 2.5], below=[False, False, False, True])]).axes[1]
    (triangle,) = [line for line in axis.lines if line.get_marker() == "v" and len(line.get_xdata())]
    assert (list(triangle.get_ydata()), triangle.get_markerfacecolor()) == ([2.5], "#FFFFFF")
    assert "<2.5" in axis.get_title(loc="left")


def test_what_is_said_of_a_history_is_its_latest_result_by_the_landmark_as_it_was_reported():
    trends = [
        Trend.of("flc_kappa", WHEN, [5.0, 25.0, 20.0, 12345.0], below=[False, False, True, False]),
        Trend.of("m_protein", WHEN[3:], [2.6]),
    ]
    figure = trajectory(COURSE, trends, landmark="2021-09-01")
    assert figure.alt.endswith("Latest results: Free kappa light chains <20 mg/L.")
    kappa, m_protein = (axis.get_title(loc="left") for axis in figure.axes[1:3])
    assert kappa.endswith("<20"), "whether that is high is open"
    assert ":" not in m_protein, "it was known later"
    assert trajectory(COURSE, trends[:1]).axes[1].get_title(loc="left").replace("\n", " ").endswith("12345 ▲ high")


def test_a_model_without_intervals_has_a_picture_without():
    risk, none = [0.1, 0.2, 0.3, 0.4], [np.nan] * 4
    title = trajectory(Course.of(WHEN, risk, none, none), []).get_suptitle()
    assert title == "Risk of progression (%): 40"


def test_noise_never_looks_like_a_trend():
    """The panel of a steady value spans at least three times the difference that noise alone makes."""
    trend = Trend.of("m_protein", WHEN, [2.00, 2.01, 1.99, 2.02])
    low, high = trajectory(COURSE, [trend]).axes[1].get_ylim()
    assert high - low >= 3 * trend.noise * 2.0


def test_where_the_model_says_nothing_there_is_a_gap_and_without_any_risk_no_picture():
    nothing = [np.nan] * 4
    with pytest.raises(DataError, match="no risk at any visit"):
        trajectory(Course.of(WHEN, nothing, nothing, nothing), [])
    with pytest.raises(DataError, match="no risk on 2020-01-01"):
        trajectory(COURSE, [], landmark="2020-01-01")


def test_beyond_six_biomarkers_the_foot_says_how_many_are_not_drawn():
    names = ("m_protein", "flc_ratio", "bmpc", "hemoglobin", "creatinine", "calcium", "albumin")
    figure = trajectory(COURSE, [Trend.of(name, WHEN, [1.0, 2.0, 3.0, 4.0]) for name in names])
    assert "1 more biomarkers are not drawn." in figure.get_supxlabel()
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 7


def test_a_risk_in_percent_is_refused():
    with pytest.raises(DataError, match="outside 0 to 1"):
        Course.of(WHEN, [6, 8, 11, 18], [4, 5, 8, 12], [9, 12, 16, 25])
