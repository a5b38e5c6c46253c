"""Who is looked at: one visit per person, so that people are independent. Features are the champion's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features import Cohort
from features.history.arrays import Histories, dates_of, days_of
from features.history.rows import View, look
from features.table.landmarks import last_visits, parse_day, visits
from features.table.outcomes import origin_day
from features.table.score_inputs import CRITERIA_COLUMNS, criteria_met
from myeloma import ConfigError, DataError
from myeloma.calendar import horizon_days
from serving.artifact import Artifact, at_risk
from training.rows.site_names import called
from training.rows.small_cells import written

USUAL_DAYS = 183  # people come about every half year (catalogue: usual_interval_days), so nearly everybody is seen once
OUTCOME_DAYS = 365  # at the least, for outcomes: a shorter period holds too few events in a clinic with tens of patients a month
_STILL_WATCHED = ("", "after_follow_up")  # nothing is known after the newest visits; they are looked at all the same


@dataclass(frozen=True)
class Period:
    """The days from `since` to `until`, both included, and the last day that anything is known of."""

    since: pd.Timestamp
    until: pd.Timestamp
    known: pd.Timestamp

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return (self.until.normalize() - self.since.normalize()).days + 1

    def for_outcomes(self, months: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the first and last day of the visits whose horizon has passed: as long a period, at least a year, that much earlier."""
        until = min(self.until, self.known - pd.Timedelta(days=horizon_days(months)))
        return until - max(self.until - self.since, pd.Timedelta(days=OUTCOME_DAYS)), until

    def in_words(self) -> str:
        """Return the two days as a person reads them."""
        return f"{self.since.date()} to {self.until.date()}"


def period_of(cohort: Cohort, since: str | None, until: str | None) -> Period:
    """Return the period asked for; by default the half year up to the cohort's last day.

    Raises
    ------
    ConfigError
        It ends before it begins.
    DataError
        A day is not a date, or the cohort has no result.
    """
    if cohort.measurements.empty:
        raise DataError("The cohort has no result, so nothing can be watched.", "ingest a cohort with measurements.", "nothing_usable")
    known = max(cohort.measurements["available_at"].max(), cohort.events["occurred_at"].max() if len(cohort.events) else pd.Timestamp.min)
    last = parse_day(until) if until else known
    first = parse_day(since) if since else last - pd.Timedelta(days=USUAL_DAYS)
    if first > last:
        end = f"{last.date()}" if until else f"{last.date()}, the cohort's last day"
        raise ConfigError(f"The period begins on {first.date()}, after its end on {end}.", "give --since a day before the end.")
    return Period(first, last, known)


class Visits:
    """All visits of a cohort with what came after, and the champion's features at chosen ones."""

    def __init__(self, cohort: Cohort, artifact: Artifact) -> None:
        self._histories, self._artifact = Histories.of(cohort, operators=True), artifact
        origin = origin_day(self._histories, artifact.rules)
        patient, day = visits(self._histories.results, origin)
        after = at_risk(artifact, self._histories, patient, day).frame()
        names = called(cohort.patients["site"].unique())
        person = cohort.patients[["patient_id"]].assign(site=cohort.patients["site"].map(names).fillna(""))
        person = person.iloc[patient].reset_index(drop=True).assign(index_date=dates_of(origin[patient]))
        last_visit = dates_of(last_visits(self._histories)[patient])
        places = pd.DataFrame({"person": patient, "landmark": dates_of(day), "last_visit": last_visit})
        self._visits = pd.concat([person, places, after], axis=1)

    def last(self, first_day: pd.Timestamp, last_day: pd.Timestamp) -> pd.DataFrame:
        """Return each person's last visit in a period, with features: the state that the clinic sees now.

        Raises
        ------
        DataError
            Nobody at risk has a visit then.
        """
        rows = self._at_risk(first_day, last_day)
        if rows.empty:
            stage = self._artifact.rules.population or "any"
            raise DataError(
                f"No visit of anybody at risk between {first_day.date()} and {last_day.date()}: {self._why_nobody(first_day, last_day)}.",
                f"results of this cohort run from {self._visits['landmark'].min():%Y-%m-%d} to {self._visits['landmark'].max():%Y-%m-%d}, "
                f"and the champion is for stage {stage}; choose --since and --until, or another task.",
                "nothing_usable",
            )
        return self._with_features(rows.drop_duplicates("patient_id", keep="last"))

    def first_followed(self, first_day: pd.Timestamp, last_day: pd.Timestamp) -> pd.DataFrame:
        """Return each person's first visit in a period, with features and outcome, which may be nobody's.

        Not the last: a last visit is often last because of what happened after it, and events would be too many. Which visit is
        first depends on nothing that comes after it.
        """
        rows = self._at_risk(first_day, last_day)
        first = rows.drop_duplicates("patient_id", keep="first")
        return self._with_features(first[first["not_at_risk"] == ""])

    def scored(self, first_day: pd.Timestamp, last_day: pd.Timestamp) -> pd.DataFrame:
        """Return every visit in a period, and each person's last before it that a risk may still speak of, with features and outcome."""
        rows = self._at_risk(first_day - pd.Timedelta(days=horizon_days(self._artifact.horizons[-1])), last_day)
        before = rows["landmark"] < first_day
        latest = before & ~rows["patient_id"].where(before).duplicated(keep="last")
        return self._with_features(rows[latest | ~before])

    def _at_risk(self, first_day: pd.Timestamp, last_day: pd.Timestamp) -> pd.DataFrame:
        visits = self._visits
        rows = visits[visits["landmark"].between(first_day, last_day) & visits["not_at_risk"].isin(_STILL_WATCHED)]
        if not self._artifact.rules.criteria_guard or rows.empty:
            return rows
        return rows[~criteria_met(self._seen(rows, CRITERIA_COLUMNS))]

    def _with_features(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows, columns = rows.reset_index(drop=True), self._artifact.columns
        if rows.empty:
            return rows.reindex(columns=[*rows.columns, *columns])
        features = self._seen(rows).features(self._artifact.spec)
        return pd.concat([rows, pd.DataFrame(features, columns=columns)], axis=1)

    def _seen(self, rows: pd.DataFrame, others: tuple[str, ...] = ()) -> View:
        return look(self._histories, rows["person"].to_numpy(np.int32), days_of(rows["landmark"]), self._artifact.spec, others)

    def _why_nobody(self, first_day: pd.Timestamp, last_day: pd.Timestamp) -> str:
        inside = self._visits[self._visits["landmark"].between(first_day, last_day)]
        reasons = inside["not_at_risk"].replace("", "criteria_met").value_counts()
        return ", ".join(f"{written(n)} {reason}" for reason, n in reasons.items()) or "no visit at all"


def sites_of(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the positions of each site's rows; people without a recorded site are nowhere."""
    site = rows["site"].to_numpy(dtype=object)
    return {name: np.flatnonzero(site == name) for name in sorted(set(site) - {""})}
