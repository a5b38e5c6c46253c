"""What a site with few people may change of the model: nothing, a shift of its log-odds, or a shift and a slope; never more.

The likelihood is that of events in person-time (as in `training.reference.person_time`): each person's time counts once, all horizons
together, those lost and those who die until they leave. So no weights are needed, and people count alike.

Which change it is, a closed test says (Vergouwe et al., Stat Med 2017;36:4529; Marcus et al., Biometrika 1976;63:655). "Nothing" is given
up where the number of events is off (a shift against nothing, at 20 %), or number and spread together are (a shift and a slope against
nothing, at 5 %): so in a quarter of sites at most where the model is right. "A shift is enough" is given up at 5 %. The levels are
higher than in large samples on purpose, since a site of a hundred people has too few events to be sure at 5 %, and are paid for by
shrinkage: what is chosen is estimated as if sites' shifts and slopes were spread about 0 and 1 with a standard deviation of 0.3 (an
assumption: the ratio of two in three of sites lies within 0.74 and 1.35), so that few events move little (shrinkage of updates:
Steyerberg et al., Stat Med 2004;23:2567).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize

from serving.artifact import Artifact, feature_matrix
from serving.models import logistic, logit
from serving.models.calibration import Calibration
from serving.predict import accepted, predict_die_first
from serving.predict import recalibrated as log_odds_of
from training.monitor.elsewhere.judged import Judged
from training.reference.last_visits import OF_LAST_VISITS
from training.reference.person_time import REFERENCE, Hazard, by_person, hazard_of, stretches
from training.rows.small_cells import SUPPRESSED, is_small

Array = NDArray[np.float64]
_OF_RISKS = {"reference_by_time", "reference_of_first_visits"}  # what a model remembers of risks of training, in `about`
Kind = Literal["none", "shift", "shift and slope"]
LEVEL_OF_SHIFT, LEVEL_OF_BOTH, LEVEL_OF_SLOPE = 0.20, 0.05, 0.05
LEAST_EXPECTED = 10  # events; with fewer the prior, worth 1 / SPREAD**2 = 11 of them, would say more than they do
SPREAD = 0.3  # standard deviation between sites, of the shift of the log-odds and of the slope
_NO_CHANGE, _BOUNDS = (0.0, 1.0), ((-3.0, 3.0), (0.1, 4.0))
_LEAST_RATE = 1e-12  # a day: an event at which the model gives no risk must not be impossible


@dataclass(frozen=True)
class Recalibration:
    """What is changed of a model for a site, and why.

    Attributes
    ----------
    shift, slope : of the log-odds, about their mean here at each horizon; 0 and 1 where nothing is changed
    calibration : the model's as changed
    people, observed, expected : in person-time, of the model as it was
    expected_then : of the model as changed
    p : by test: shift, both, slope
    why : in words
    """

    kind: Kind
    shift: float
    slope: float
    calibration: Calibration
    people: int
    observed: int
    expected: float
    expected_then: float
    p: dict[str, float]
    why: str


def recalibration_of(others: Judged, artifact: Artifact) -> Recalibration:
    """Return the recalibration of a model to people that it has not seen."""
    site = Site(others, artifact)
    people, observed, expected = others.rows["patient_id"].nunique(), int(site.event.sum()), site.expected(artifact.calibration)
    as_before = (artifact.calibration, people, observed, expected)
    nothing = Recalibration("none", 0.0, 1.0, *as_before, expected, {}, _too_little(observed, expected))
    if nothing.why:
        return nothing
    (as_it_is, shifted, both) = (site.fit(free, shrunk=False) for free in (0, 1, 2))
    p = {
        "shift": float(stats.chi2.sf(2.0 * (shifted.log_likelihood - as_it_is.log_likelihood), 1)),
        "both": float(stats.chi2.sf(2.0 * (both.log_likelihood - as_it_is.log_likelihood), 2)),
        "slope": float(stats.chi2.sf(2.0 * (both.log_likelihood - shifted.log_likelihood), 1)),
    }
    kind = chosen(p)
    tests = f"a shift: p {p['shift']:.2g} (level {LEVEL_OF_SHIFT:g}); a shift and a slope: p {p['both']:.2g} ({LEVEL_OF_BOTH:g})"
    if kind == "none":
        return replace(nothing, p=p, why=f"nothing is shown to be wrong: {tests}")
    found = site.fit(1 if kind == "shift" else 2, shrunk=True)
    why = f"{tests}; a slope beyond a shift: p {p['slope']:.2g} ({LEVEL_OF_SLOPE:g})"
    calibration = site.changed(found.shift, found.slope)
    then = site.expected(calibration)
    return Recalibration(kind, found.shift, found.slope, calibration, people, observed, expected, then, p, why)


def chosen(p: dict[str, float]) -> Kind:
    """Return what the closed test chooses.

    Examples
    --------
    >>> chosen({"shift": 0.3, "both": 0.2, "slope": 0.01}), chosen({"shift": 0.3, "both": 0.01, "slope": 0.01})
    ('none', 'shift and slope')
    """
    if p["shift"] > LEVEL_OF_SHIFT and p["both"] > LEVEL_OF_BOTH:
        return "none"
    return "shift and slope" if p["slope"] <= LEVEL_OF_SLOPE else "shift"


def recalibrated(artifact: Artifact, found: Recalibration, said: dict[str, Any]) -> Artifact:
    """Return the model as changed: explanations still add up, since the shift goes into the base and the slope scales contributions.

    What it remembers of the risks of training changes with it, so that a watch compares like with like.

    Parameters
    ----------
    said : dict
        What the model is to say of it, under `RECALIBRATED`.
    """
    moved: dict[str, Any] = {}
    for key in _OF_RISKS & artifact.about.keys():
        moved[key] = _moved_reference(artifact.about[key], artifact, found)
    if OF_LAST_VISITS in artifact.about:
        moved[OF_LAST_VISITS] = [_moved_reference(one, artifact, found) for one in artifact.about[OF_LAST_VISITS]]
    about = artifact.about | moved | said
    return replace(with_calibration(artifact, found.calibration), about=about, origin={}, seal="", folder=None)


def _moved_reference(reference: dict[str, Any], artifact: Artifact, found: Recalibration) -> dict[str, Any]:
    figures = dict(reference["figures"])
    for h, months in enumerate(artifact.horizons):
        bands = figures[f"risk_{months}m"]
        figures[f"risk_{months}m"] = [band and band | {"quantiles": _moved(band["quantiles"], artifact, found, h)} for band in bands]
    return reference | {"figures": figures}


def with_calibration(artifact: Artifact, calibration: Calibration) -> Artifact:
    """Return the model with another calibration; people of whom a biomarker is unknown are moved by it as all others are."""
    before, slope = artifact.calibration, calibration.slope / artifact.calibration.slope
    shift = np.array(calibration.intercepts) - slope * np.array(before.intercepts)
    unknown = None if artifact.unknown is None else artifact.unknown.moved(shift, slope)
    halves = tuple(half.moved(shift, slope) for half in artifact.resampled_calibrations)
    return replace(artifact, calibration=calibration, resampled_calibrations=halves, unknown=unknown)


def _moved(risks: list[float], artifact: Artifact, found: Recalibration, h: int) -> list[float]:
    """Return risks of the model at one horizon as the changed model gives them."""
    before = artifact.calibration
    margins = (logit(np.clip(np.array(risks, dtype=float), 1e-9, 1.0 - 1e-9)) - before.intercepts[h]) / before.slope
    moved: list[float] = logistic(found.calibration.intercepts[h] + found.calibration.slope * margins).tolist()
    return moved


def _too_little(observed: int, expected: float) -> str:
    if expected < LEAST_EXPECTED:
        return f"{expected:.1f} events are expected of these people, at least {LEAST_EXPECTED} are needed; wait, or pool more people"
    if is_small(observed) or not observed:
        return f"{SUPPRESSED} people had the event, where {expected:.0f} are expected: a shift would tell how many; pool more people"
    return ""


@dataclass(frozen=True)
class Fit:
    """What was estimated, and the log-likelihood; less the penalty, where there is one."""

    shift: float
    slope: float
    log_likelihood: float


class Site:
    """The likelihood of a site's events, by a shift and a slope of the log-odds.

    The slope is about the mean log-odds of these people at each horizon: it spreads people, and leaves the course over the horizons.
    """

    def __init__(self, others: Judged, artifact: Artifact) -> None:
        rows = by_person(others.rows)
        under = stretches(rows, artifact.horizons[-1], np.inf)
        self.event, self._since = under.event, under.end - under.visit
        self._artifact, self._x = artifact, accepted(artifact, feature_matrix(artifact, rows))
        self._margins = artifact.model.margins(self._x)

    def changed(self, shift: float, slope: float) -> Calibration:
        """Return the model's calibration so changed."""
        now = self._artifact.calibration
        intercepts = np.array(now.intercepts) + shift + (1.0 - slope) * now.slope * self._margins.mean(axis=0)
        return Calibration(slope * now.slope, tuple(np.maximum.accumulate(intercepts).tolist()))  # risks never fall with the horizon

    def expected(self, calibration: Calibration) -> float:
        """Return how many events the model expects with a calibration."""
        return float(self._hazard(calibration).until(self._since).sum())

    def fit(self, free: int, shrunk: bool) -> Fit:
        """Return the likeliest of none, one (the shift) or two parameters; shrunk: with normal priors about no change."""
        bounds = [*_BOUNDS[:free], *((fixed, fixed) for fixed in _NO_CHANGE[free:])]
        found = minimize(self._loss(shrunk), _NO_CHANGE, bounds=bounds, method="L-BFGS-B")
        return Fit(float(found.x[0]), float(found.x[1]), -float(found.fun))

    def _loss(self, shrunk: bool) -> Callable[[Array], float]:
        def loss(theta: Array) -> float:
            hazard = self._hazard(self.changed(float(theta[0]), float(theta[1])))
            rates = np.maximum(hazard.rate(self._since)[self.event], _LEAST_RATE)
            prior = ((theta - np.array(_NO_CHANGE)) ** 2).sum() / (2.0 * SPREAD**2) if shrunk else 0.0
            return float(hazard.until(self._since).sum() - np.log(rates).sum() + prior)

        return loss

    def _hazard(self, calibration: Calibration) -> Hazard:
        risk = logistic(log_odds_of(with_calibration(self._artifact, calibration), self._x, self._margins).log_odds)
        found = hazard_of(risk, predict_die_first(self._artifact, self._x, risk), self._artifact.horizons)
        return found.as_in_training(self._artifact.about[REFERENCE])
