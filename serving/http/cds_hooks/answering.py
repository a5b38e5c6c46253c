"""What is answered to the opening of a chart, and to feedback: cards, none, or why there can be none. It runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as ByName
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from starlette.responses import Response

from features.sources.mapping import Mapping
from myeloma import calendar
from serving.artifact import Artifact
from serving.http.answering import refused_for
from serving.http.body import RefusedError
from serving.http.cds_hooks.card import card_of
from serving.http.cds_hooks.discovery import prefetch_of, service_id
from serving.http.cds_hooks.request import feedback_in, opened
from serving.http.cds_hooks.told import Told as Remembered
from serving.http.fhir.answering import Told, told_of, withheld
from serving.http.fhir.landmarks import Asked
from serving.http.metrics import Metrics
from serving.http.request import HistoryError
from serving.http.response import Problem, as_json, refusal_of

# Whom the model is not for: of them there is nothing to say. A history of which that cannot be told, since a diagnosis has no mapped code
# or no result counts, is refused: an empty list would read as no risk.
_NOTHING_TO_SAY = frozenset(("no_index", "other_stage", "under_age", "progressed", "dead", "treated", "before_line", "later_line"))
_NOT_SENT = frozenset(("missing_medication", "missing_reference"))  # what a resource refers to was not prefetched


class Charts:
    """Answers the calls of the services of some models."""

    def __init__(
        self, artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping], metrics: Metrics, address: str | None = None
    ) -> None:
        self._artifacts, self._mappings, self._metrics, self._address = artifacts, mappings, metrics, address
        self._remembered = Remembered()

    def open_chart(self, task: str, body: bytes, answer_id: str = "") -> Response:
        """Return the cards for a chart that was opened; an answer that is written down gives its id to its card."""

        def cards() -> Response:
            found = self._cards(task, body, answer_id)
            self._metrics.opened(service_id(task), len(found))
            return as_json({"cards": found})

        return _told(cards)

    def take_feedback(self, task: str, body: bytes) -> Response:
        """Count what became of cards, by the version that spoke."""

        def counted() -> Response:
            for one in feedback_in(body):
                self._metrics.judged(service_id(task), self._remembered.version_of(str(one.card)), one.outcome)
            return Response(status_code=200)

        return _told(counted)

    def _cards(self, task: str, body: bytes, answer_id: str) -> list[dict[str, Any]]:
        artifact = self._artifacts[task]
        chart = opened(body, prefetch_of(artifact, self._mappings))
        try:
            told = told_of(artifact, self._mappings, chart.documents, Asked())
        except HistoryError as error:
            codes = {problem.code for problem in error.problems}
            if codes <= _NOTHING_TO_SAY:
                return []
            raise RefusedError(412 if codes <= _NOT_SENT else 422, error.problems, error.more) from None
        percents = tuple(risk.shown.percent for risk in told.answer.risks)
        whose = (service_id(task), chart.patient, chart.user)
        if not self._remembered.is_new(whose, _inputs(told), _beside(told, chart.unseen), calendar.today(), percents):
            return []
        card = str(UUID(answer_id) if answer_id else uuid4())
        self._remembered.issue(card, told.answer.model.model_version or "unknown")
        return [card_of(told, card, self._address, chart.unseen)]


def cds_refusal(status: int, problems: Sequence[Problem], more: int = 0, headers: ByName[str, str] | None = None) -> Response:
    """Return the answer to a call that is refused; what is empty is left out, as in all that CDS Hooks says."""
    told = asdict(refusal_of(problems, more))
    errors = [{name: text for name, text in one.items() if text} for one in told["errors"]]
    return as_json({"errors": errors, **({"more": told["more"]} if told["more"] else {})}, status, headers)


def _inputs(told: Told) -> str:
    """Return everything that a risk rests on, whether it may still change, and the version that speaks."""
    kept, model = told.sent.kept, told.answer.model
    results = (kept.biomarker, kept.collected, kept.available, kept.value, kept.operator, kept.method, kept.specimen)
    happened = [*(column.tolist() for column in (kept.event, kept.occurred, kept.line)), kept.detail]
    return repr((model, told.landmark, told.unconfirmed, kept.patient, [column.tolist() for column in results], happened))


def _beside(told: Told, unseen: Sequence[str]) -> str:
    """Return what a card says beside the risks: what withholds them or speaks against them may stand in no result and no event."""
    answer = told.answer
    met = [] if answer.risks else [problem.message for problem in withheld(answer)]
    return repr((met, answer.warnings, told.sent.notes, tuple(unseen)))


def _told(make: Callable[[], Response]) -> Response:
    try:
        return make()
    except Exception as error:
        return cds_refusal(*refused_for(error))
