"""Are the risks right, sooner than a horizon: observed / expected in person-time, and two charts that alarm when it drifts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from features.history.arrays import dates_of, days_of
from features.table.landmarks import parse_day
from myeloma import ConfigError
from myeloma.calendar import DAYS_PER_YEAR
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_die_first, predict_risk
from training.monitor.cusum import LEAST_EXPECTED, MONTHS_A_YEAR, WRONG_BY, Cusum, chart
from training.monitor.findings import Finding, Status
from training.monitor.outcome import Bounds
from training.monitor.people import Period, Visits
from training.reference.person_time import REFERENCE, Hazard, PersonTime, hazard_of, person_time
from training.rows.small_cells import SMALL_CELL, SUPPRESSED, is_small, written

Array = NDArray[np.float64]
NAME = "person_time"
# The wrong rates, and how many events must be there before an alarm: one of too many among fewer than ten would tell how many.
LOOKS_FOR = {WRONG_BY: SMALL_CELL, 1.0 / WRONG_BY: 0}
_YEARS = 3  # charted unless a first day is named


@dataclass(frozen=True)
class Charting:
    """How outcomes are charted.

    Attributes
    ----------
    since : first day, YYYY-MM-DD; three years before the look where empty
    delay : days after which an outcome is known: the chart ends so many before the look
    false_alarms : a year that both charts together may give while the risks are right
    """

    since: str = ""
    delay: int = 0
    false_alarms: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 < self.false_alarms <= MONTHS_A_YEAR / 2:
            what = f"{self.false_alarms:g} false alarms a year cannot be kept to."
            raise ConfigError(what, f"accepted: above 0, up to {MONTHS_A_YEAR / 2:g}; 0.2 is one in five years.")
        if self.delay < 0:
            raise ConfigError(f"Outcomes cannot be known {-self.delay} days before they happen.", "accepted: a delay of 0 days or more.")


USUAL = Charting()


@dataclass(frozen=True)
class OverTime:
    """Observed and expected events month by month, and the two charts of them; no charts where too few are expected, or `why` not."""

    counted: PersonTime
    charts: tuple[Cusum, ...]
    why: str = ""

    @cached_property
    def observed(self) -> int:
        """Return how many events there were in all months."""
        return int(self.counted.observed.sum())

    @cached_property
    def expected(self) -> float:
        """Return how many were expected."""
        return float(self.counted.expected.sum())

    @cached_property
    def false_alarms(self) -> float:
        """Return how many the charts give a year together."""
        return sum(one.false_alarms for one in self.charts)

    @cached_property
    def told(self) -> NDArray[np.int64]:
        """Return the months at whose ends the sums may be shown: ten people or more have had the event since the one before.

        A step gives the count of its month away. They are counted back from the last month; the first of them stands for what is left.
        """
        chosen, since = [len(self.counted.observed) - 1], 0.0
        for month in reversed(range(len(self.counted.observed))):
            since += self.counted.observed[month]
            if since >= SMALL_CELL:
                chosen, since = [*chosen, month - 1], 0.0
        return np.array(chosen[-2::-1], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, without what could tell of fewer than ten people; where nothing was counted, why."""
        if self.why:
            return {"why": self.why}
        hidden = is_small(self.observed)
        return {
            "from": as_date(self.counted.ends[0]),
            "until": as_date(self.counted.ends[-1]),
            "months": len(self.counted.expected),
            "person_years": round(self.counted.years, 1),
            "expected": round(self.expected, 2),
            "observed": written(self.observed),
            "false_alarms_a_year": round(self.false_alarms, 3) if self.charts else None,
            "charts": [
                {
                    "looks_for": round(one.factor, 3),
                    "limit": round(float(one.limits[-1]), 3),
                    "value": None if hidden else round(float(one.values[-1]), 3),
                    "alarms": [as_date(day) for which, day in self.alarms() if which is one],
                    "months_to_find": one.months_to_find if math.isfinite(one.months_to_find) else None,
                    "values": {as_date(self.counted.ends[m + 1]): round(float(one.values[m]), 3) for m in self.told},
                    "shares": {as_date(self.counted.ends[m + 1]): round(float(one.values[m] / one.limits[m]), 3) for m in self.told},
                }
                for one in self.charts
            ],
        }

    def alarms(self, since: float = -math.inf) -> list[tuple[Cusum, float]]:
        """Return each alarm of a month that ends after a day: its chart, and the month's last day."""
        ends = self.counted.ends[1:]
        return [(one, float(day)) for one in self.charts for day in ends[one.alarms & (ends > since)]]


def over_time(visits: Visits, artifact: Artifact, period: Period, charting: Charting) -> OverTime:
    """Return the charts up to the end of the period, or to the cohort's last day if that is earlier, less the delay.

    Raises
    ------
    ConfigError
        The charts begin after they end.
    DataError
        Their first day is not a date.
    """
    look = min(period.until, period.known) - pd.Timedelta(days=charting.delay)
    first = parse_day(charting.since) if charting.since else look - pd.Timedelta(days=round(_YEARS * DAYS_PER_YEAR))
    if first >= look:
        raise ConfigError(f"The charts begin on {first.date()}, after their end on {look.date()}.", "give --chart-since an earlier day.")
    first_day, look_day = (float(day) for day in days_of(pd.Series([first, look])))
    if REFERENCE not in artifact.about:
        why = "the champion was fitted by an earlier version, which kept nothing of person-time: fit and register again"
        return OverTime(PersonTime(np.array([first_day, look_day]), np.zeros(1), np.zeros(1), 0, 0.0), (), why)
    rows = visits.scored(first, look)
    hazard = expected_hazard(artifact, rows)
    counted = person_time(rows, hazard, artifact.horizons[-1], first_day, look_day)
    return OverTime(counted, charts_of(counted, charting.false_alarms))


def charts_of(counted: PersonTime, false_alarms: float) -> tuple[Cusum, ...]:
    """Return the charts of too many and of too few events, which share the false alarms of a year; none where too few are expected."""
    observed, expected = counted.observed, counted.expected
    if expected.sum() < LEAST_EXPECTED:
        return ()
    lately = float(expected[-MONTHS_A_YEAR:].mean())
    return tuple(chart(observed, expected, factor, false_alarms / 2.0, lately, least) for factor, least in LOOKS_FOR.items())


def expected_hazard(artifact: Artifact, rows: pd.DataFrame) -> Hazard:
    """Return what the model expects after each visit, as it came in training."""
    x = feature_matrix(artifact, rows)
    risk = predict_risk(artifact, x) if len(rows) else np.empty((0, len(artifact.horizons)))
    die_first = predict_die_first(artifact, x, risk) if len(rows) else risk
    return hazard_of(risk, die_first, artifact.horizons).as_in_training(artifact.about[REFERENCE])


_OUTSIDE = (
    "The interval lies wholly outside what is accepted, over all these months together. It is called changed only when a chart alarms in "
    "the period, which is set by false alarms a year, and none has: read the ratio itself, and the checks at fixed horizons"
)


def check_over_time(found: OverTime, period: Period, bounds: Bounds) -> Finding:
    """Return the check: changed where a chart alarms in the period, steady where none does and the ratio is surely right enough."""
    people, label, months = found.counted.people, "Observed / expected in person-time", len(found.counted.expected)
    expected = f"{found.expected:.1f} events expected in {months} months of {found.counted.years:.0f} person-years"
    if not found.charts:
        words = found.why or f"{expected}; charts begin at {LEAST_EXPECTED:.0f}"
        return Finding("outcome", NAME, label, people, reference=1.0, within=False, status="not shown", words=words)
    alarms = found.alarms(float(days_of(pd.Series([period.since]))[0]))
    said = f"; ALARM: {', '.join(f'{too(one)} by {as_date(day)}' for one, day in alarms)}" if alarms else "; no alarm in the period"
    wrong = f"a rate wrong by {WRONG_BY:g} times is found in a median of {_in_words(found)} months"
    power = f"{found.false_alarms:.2g} false alarms a year; {wrong}"
    status: Status = "changed" if alarms else "not shown"
    if is_small(found.observed):
        words = f"{SUPPRESSED} observed, {expected}{said}. {power}"
        return Finding("outcome", NAME, label, people, reference=1.0, within=False, status=status, words=words)
    ratio, lo, hi = rate_ratio(found.observed, found.expected)
    large, within = not bounds.low <= ratio <= bounds.high, bounds.low <= lo and hi <= bounds.high
    sums = ", ".join(f"{too(one)} {one.values[-1]:.1f} of {one.limits[-1]:.1f}" for one in found.charts)
    words = (
        f"{ratio:.2f} ({lo:.2f} to {hi:.2f}; accepted {bounds.low:g} to {bounds.high:g}): {written(found.observed)} observed, {expected}; "
        f"CUSUM and limit: {sums}{said}. {power}"
    )
    if (hi < bounds.low or lo > bounds.high) and not alarms:
        words = f"{words}. {_OUTSIDE}"
    status = "steady" if within and not alarms else status
    return Finding("outcome", NAME, label, people, ratio, lo, hi, 1.0, large=large, within=within, status=status, words=words)


def rate_ratio(observed: int, expected: float) -> tuple[float, float, float]:
    """Return observed / expected with the exact 95 % interval of a Poisson count (Garwood, Biometrika 1936;28:437).

    Examples
    --------
    >>> [round(x, 3) for x in rate_ratio(10, 10.0)]
    [1.0, 0.48, 1.839]
    """
    low = stats.chi2.ppf(0.025, 2 * observed) / 2.0 if observed else 0.0
    return observed / expected, float(low / expected), float(stats.chi2.ppf(0.975, 2 * observed + 2) / 2.0 / expected)


def too(one: Cusum) -> str:
    """Return what a chart looks for, in words."""
    return "too many" if one.factor > 1.0 else "too few"


def as_date(day: float) -> str:
    """Return the day that a time lies in, as YYYY-MM-DD."""
    return str(dates_of(np.array([math.floor(day)]))[0])[:10]


def _in_words(found: OverTime) -> str:
    months = (f"{one.months_to_find:.0f}" if math.isfinite(one.months_to_find) else "more than 480" for one in found.charts)
    return " and ".join(f"{month} ({too(one)})" for month, one in zip(months, found.charts, strict=True))
