"""What a monitor reads of the server, in the form of Prometheus: requests, their time, who is inside, models. No label is of a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from serving.answer.columns import identity
from serving.artifact import Artifact
from serving.http.waiting import Desk

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

__all__ = ["CONTENT_TYPE", "Metrics"]


class Metrics:
    """Counts of one server since it began."""

    def __init__(self, artifacts: Mapping[str, Artifact], desk: Desk) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "myeloma_requests", "Requests by way in, method and status.", ["path", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram("myeloma_request_seconds", "Time of a request.", ["path"], registry=self._registry, buckets=_SECONDS)
        inside = Gauge("myeloma_requests_inside", "Requests being read, waiting or answered.", registry=self._registry)
        inside.set_function(lambda: desk.inside)
        self._openings: dict[str, int] = defaultdict(int)
        self._cards: dict[str, int] = defaultdict(int)
        self._lock = Lock()
        of_service: dict[str, Any] = {"labelnames": ["service"], "registry": self._registry}
        self._charts = Counter("myeloma_cds_openings", "Charts opened that a service of CDS Hooks answered.", **of_service)
        self._shown = Counter("myeloma_cds_cards", "Cards shown.", **of_service)
        self._budget = Gauge("myeloma_cds_cards_per_100_openings", "The alert budget: cards per 100 charts opened.", **of_service)
        self._feedback = Counter(
            "myeloma_cds_feedback", "What became of cards.", ["service", "version", "outcome"], registry=self._registry
        )
        self._models = Gauge("myeloma_model", "A model that is served: 1.", ["task", "version", "fitted_to"], registry=self._registry)
        self.serves(artifacts)

    def serves(self, artifacts: Mapping[str, Artifact]) -> None:
        """Name the models that are served from now on, and no others."""
        self._models.clear()
        for task, artifact in artifacts.items():
            said = identity(artifact)
            self._models.labels(task, said["model_version"], said["fitted_to"]).set(1)

    def opened(self, service: str, cards: int) -> None:
        """Count a chart that was opened, and the cards that were shown for it."""
        with self._lock:
            self._openings[service] += 1
            self._cards[service] += cards
            shown = 100 * self._cards[service] / self._openings[service]
        self._charts.labels(service).inc()
        self._shown.labels(service).inc(cards)
        self._budget.labels(service).set(shown)

    def judged(self, service: str, version: str, outcome: str) -> None:
        """Count what became of a card, by the version that spoke on it."""
        self._feedback.labels(service, version, outcome).inc()

    def observe(self, path: str, method: str, status: str, seconds: float) -> None:
        """Count a request that ended."""
        self._requests.labels(path, method, status).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self._registry)
