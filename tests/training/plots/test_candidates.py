"""A candidate beside the others: a model looks alike in every picture, and a small number of people is not told."""

import numpy as np
import pandas as pd
import pytest

from training.metrics import Draws
from training.metrics.names import landmark_subset
from training.plots.candidates import decision_curves, looks_of, plot_brier, plot_decision, plot_landmarks
from training.plots.style import COMPARATORS, Picture
from training.rows.censoring import REACH

SCORES = ["mayo_2018", "imwg_2020"]
MODELS = ["boosting", "cox", *SCORES]


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(Picture, "savefig", lambda figure, path: figures.append(figure))
    return figures


def performance(people):
    lines = [
        (model, subset, 24, measure, value, value - 0.1, value + 0.1)
        for model in MODELS
        for subset in ("", landmark_subset(0))
        for measure, value in (("auc", 0.7), ("brier", 0.1), ("ipa", 0.2), ("patients", people))
    ]
    return pd.DataFrame(lines, columns=["model", "subset", "horizon", "measure", "estimate", "lo", "hi"]).assign(why="")


def curves():
    models = ["cox", *SCORES[::-1], "treat all", "treat none"]
    lines = [(model, 24, threshold, 0.1 - threshold / 5, 99) for model in models for threshold in (0.05, 0.5)]
    return pd.DataFrame(lines, columns=["model", "horizon", "threshold", "net_benefit", "rows"])


def colours(figure):
    return {text.get_text(): text.get_color() for text in figure.axes[0].texts if text.get_text() in MODELS}


def test_a_score_has_one_colour_in_every_picture_whatever_else_is_there(drawn):
    plot_brier(performance(50), "cox", "t", None)
    plot_landmarks(performance(50), "cox", (0,), "t", None)
    plot_decision(curves(), "cox", looks_of("cox", SCORES), "t", None)
    found = [colours(figure) for figure in drawn]
    for name in SCORES:
        assert len({each[name] for each in found}) == 1, name
    assert {found[0][name] for name in SCORES} == {look.colour for look in COMPARATORS[:2]}


@pytest.mark.parametrize(("people", "said"), [(9, "<10"), (10, "10"), (250, "250")])
def test_how_few_people_stand_behind_a_figure_is_not_told(drawn, people, said):
    plot_landmarks(performance(people), "cox", (0,), "t", None)
    strip = drawn[-1].axes[1]
    assert [text.get_text() for text in strip.texts] == [said]
    assert strip.patches[0].get_height() == (0 if people < 10 else people)


def test_a_decision_curve_that_starts_below_the_panel_is_drawn_all_the_same(drawn):
    low = curves()
    low.loc[low["model"] == "treat all", "net_benefit"] = -5.0
    plot_decision(low, "cox", looks_of("cox", SCORES), "t", None)
    assert len(drawn[-1].axes[0].lines) == 5


def test_the_axis_says_from_when_the_years_count(drawn):
    for since in ("diagnosis", "the start of line 1"):
        plot_landmarks(performance(50), "cox", (0,), "t", None, since)
        assert drawn[-1].axes[1].get_xlabel() == f"years since {since}"


def test_how_many_visits_a_decision_curve_is_of_counts_those_within_the_studys_reach():
    person = np.arange(100)
    rows = pd.DataFrame({"patient_id": person.astype(str), "event": np.where(person % 2, "event", "none"), "time_to_event": 900.0})
    rows = rows.assign(time_to_event=np.where(person % 2, 100.0, 900.0), **{REACH: np.where(person < 20, 300.0, np.inf)})
    found = decision_curves(rows, {"cox": np.full((100, 1), 0.4)}, (24,), Draws.of(rows["patient_id"], 0, 1))
    assert set(found["rows"]) == {80}


def without_figures(table, why="fewer than 10 people here progress within 24 months, at least 20 are needed; pool more"):
    """The same where nothing can be said, and why."""
    figures = table["measure"] != "patients"
    return table.assign(estimate=table["estimate"].mask(figures), why=table["why"].mask(figures, why))


def words(axis):
    return " ".join(" ".join(text.get_text() for text in axis.texts).split())


def test_a_panel_without_figures_says_why(drawn):
    empty = without_figures(performance(50))
    plot_landmarks(empty, "cox", (0,), "t", None, alone=empty)
    plot_brier(empty, "cox", "t", None)
    for figure in drawn:
        assert "fewer than 10 people here progress within 24 months, at least 20 are needed" in words(figure.axes[0])
        assert "pool more" not in words(figure.axes[0])


def test_where_too_few_have_every_risk_a_candidate_is_shown_alone_and_the_panel_says_so(drawn):
    plot_landmarks(without_figures(performance(12)), "cox", (0,), "t", None, alone=performance(50))
    panel, strip = drawn[-1].axes
    assert panel.get_title("left") == "within 24 months from there, all people (cox alone)"
    assert (set(colours(drawn[-1])), strip.texts[0].get_text()) == ({"cox"}, "50")


def test_the_axis_says_how_many_of_the_visits_have_every_risk(drawn):
    share = performance(50).query("measure == 'patients'").assign(measure="share_computable", estimate=0.69)
    plot_brier(pd.concat([performance(50), share]), "cox", "t", None)
    assert [label.get_text() for label in drawn[-1].axes[0].get_xticklabels()] == ["24\n69%"]
