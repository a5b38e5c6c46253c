"""What is plotted as predicted is predicted for the very visits that are observed."""

import numpy as np
import pandas as pd
import pytest

from training.plots.held_out import Shown, calibration, middle, risk_groups
from training.plots.style import Picture
from training.rows.censoring import REACH


def visits(people, **columns):
    """Half of the people have the event within a year, the others are free of it."""
    progress = np.arange(people) % 2 == 0
    event, time = np.where(progress, "event", "none"), np.where(progress, 100.0, 900.0)
    return pd.DataFrame({"patient_id": np.arange(people).astype(str), "event": event, "time_to_event": time, **columns})


def test_visits_without_a_risk_or_out_of_the_studys_reach_are_not_shown():
    risk = np.full(80, 0.5)
    risk[:8] = np.nan
    shown = Shown.of(visits(80, **{REACH: np.where(np.arange(80) < 20, 300.0, np.inf)}), risk, 12, np.ones((3, 80)))
    assert list(shown.rows["patient_id"]) == [str(k) for k in range(20, 80)]
    assert (len(shown.risk), shown.counts.shape) == (60, (3, 60))
    assert len(Shown.of(visits(80), risk, 12, np.ones((3, 80))).rows) == 72


def test_predicted_is_the_mean_risk_of_those_observed(monkeypatch):
    drawn = []
    monkeypatch.setattr(Picture, "savefig", lambda figure, path: drawn.append(figure))
    risk = np.random.default_rng(0).uniform(0.1, 0.9, 400)
    late = risk > 0.5
    shown = Shown.of(visits(400, **{REACH: np.where(late, 300.0, np.inf)}), risk, 12, np.ones((3, 400)))
    calibration([shown], "t", None)
    points = drawn[0].axes[0].containers[0].lines[0].get_xdata()
    assert max(points) < 0.5
    assert len(points) == len(risk_groups(risk[~late]))


def test_a_smoothed_curve_is_drawn_only_between_the_2nd_and_the_98th_percentile_of_the_risks():
    risk = np.random.default_rng(1).permutation(np.linspace(0.0, 1.0, 1001))
    drawn = risk[middle(risk)]
    assert (drawn.min(), drawn.max()) == pytest.approx((0.02, 0.98))
    assert (np.diff(drawn) > 0).all()


def test_the_panel_holds_the_smoothed_curve_that_is_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(Picture, "savefig", lambda figure, path: drawn.append(figure))
    monkeypatch.setattr("training.plots.held_out.calibration_curve", lambda sample, risk: np.minimum(4 * risk, 0.9))
    risk = np.random.default_rng(0).uniform(0.01, 0.3, 400)
    calibration([Shown.of(visits(400), risk, 12, np.ones((3, 400)))], "t", None)
    axis = drawn[0].axes[0]
    assert max(line.get_ydata().max() for line in axis.lines if "smoothed" in str(line.get_label())) == 0.9 < axis.get_ylim()[1]
