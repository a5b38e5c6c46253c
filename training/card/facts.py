"""What a card is written from: what is known of a run and of its model, and what the sections ask of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from features import Task
from features.tasks import Said
from training.gate.verdict import OF_THOSE_THAT_PASS
from training.metrics.figures import named
from training.metrics.names import Metric, landmark_years
from training.places import PERFORMANCE
from training.plan import Plan
from training.rows.small_cells import SUPPRESSED
from training.tracking.run import parsed_json, parsed_table


@dataclass(frozen=True)
class Facts:
    """Everything a card is written from.

    Attributes
    ----------
    version : of the registry; empty where the run is not registered.
    model : content of the artifact's model.json but for the model itself; empty where it cannot be read.
    files : the run's own tables, pictures and verdict, by their path among its artifacts.
    counts : rows read, kept and quarantined by table, where the cohort lies on this machine.
    missing : what was looked for and not found, in words.
    decided : the last decision that made the version live, as the history keeps it; empty where there was none.
    """

    plan: Plan
    name: str
    version: str
    run_id: str
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    decided: dict[str, Any] = field(default_factory=dict)

    @property
    def task(self) -> Task:
        """Return the question that the model answers."""
        return self.plan.task

    @property
    def about(self) -> dict[str, Any]:
        """Return what the artifact says of itself: title, population, attrition, people fitted on, ..."""
        about: dict[str, Any] = self.model.get("about", {})
        return about

    @property
    def words(self) -> Said:
        """Return what people call the event and what competes with it; the task's own where the artifact cannot be read."""
        return Said(**self.about["words"]) if "words" in self.about else self.task.said

    @property
    def horizons(self) -> tuple[int, ...]:
        """Return the horizons of the model, in months; the task's where the artifact cannot be read."""
        return tuple(self.model.get("horizons", self.task.horizons))

    @property
    def primary(self) -> int:
        """Return the horizon that the verdict and the subgroups are about, in months."""
        return self.plan.primary_horizon

    @cached_property
    def kept_back(self) -> frozenset[str]:
        """Return the names of the counts that are suppressed, being below 10, as in `events_24m_at_2y`."""
        found = self.frame(PERFORMANCE, ("subset", "horizon", "measure", "threshold", "why"))
        return frozenset(named(found[found["why"] == SUPPRESSED].fillna({"subset": ""}).assign(estimate=0.0, lo=math.nan, hi=math.nan)))

    @cached_property
    def known(self) -> list[Metric]:
        """Return every metric of which there is a figure, or a count that is suppressed."""
        return [metric for name in (*self.metrics, *self.kept_back) if (metric := Metric.parse(name)) and not metric.bound]

    @property
    def landmarks(self) -> list[float]:
        """Return the fixed landmarks that have figures or counts, in years after the index date."""
        return sorted({years for metric in self.known if (years := landmark_years(metric.subset)) is not None})

    @property
    def source(self) -> str:
        """Return where the cohort came from, as in `simulated`; empty where nobody says."""
        return str(self.about.get("source") or self.tags.get("source") or "")

    @property
    def simulated(self) -> bool:
        """Return whether nobody in the cohort is a patient."""
        return self.source == "simulated"

    @property
    def by_a_person(self) -> bool:
        """Return whether a person made the version live, rather than `register` by the gate and the order of candidates."""
        return bool(self.decided) and not str(self.decided.get("reason", "")).endswith(OF_THOSE_THAT_PASS)

    def json(self, path: str) -> dict[str, Any]:
        """Return the content of one of the run's JSON files, empty where it is not there or not readable."""
        return parsed_json(self.files.get(path))

    def frame(self, path: str, columns: tuple[str, ...]) -> pd.DataFrame:
        """Return one of the run's tables, empty where it is not there or lacks a column."""
        return parsed_table(self.files.get(path), columns)
