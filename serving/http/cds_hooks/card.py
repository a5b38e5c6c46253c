"""A card: what is told at the opening of a chart. Information only, in words of ours, with no suggestion and no order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serving.answer.person import CRITERIA_WARNING
from serving.answer.record import Answer, HorizonRisk
from serving.http.fhir.answering import Told, withheld
from serving.http.fhir.assessment import caveat_of, event_of, reasons_in
from serving.http.fhir.names import CARDS

LONGEST_SUMMARY = 139  # the standard: under 140 characters
LABEL = "Progression risk of myeloma precursors"
OVERRIDE_REASONS = {
    "known": "I knew this already",
    "not-relevant": "Not relevant at this visit",
    "not-the-population": "The model is not meant for this person",
    "disagree": "I do not agree with the risk",
}
_ORDERS = "a treatment is looked for in orders of drugs (MedicationRequest) and in what else is sent; not sent, so not looked at"
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def card_of(told: Told, uuid: str, address: str | None, unseen: Sequence[str] = ()) -> dict[str, Any]:
    """Return a card; what is optional and not known is left out.

    Parameters
    ----------
    address : where people reach this server; a link to it names nobody
    unseen : the types of resources that may tell of a treatment and were not sent
    """
    answer = told.answer
    return {
        "uuid": uuid,
        "summary": summary_of(answer, bool(told.unconfirmed)),
        "detail": _detail(told, unseen),
        "indicator": "info",
        "source": {
            "label": f"{LABEL}: {answer.model.model_name}"
            + (f" version {answer.model.model_version}" if answer.model.model_version else ""),
            "topic": {"system": CARDS, "code": answer.task, "display": event_of(answer)},
        },
        **(
            {"links": [{"label": "Explore a history (no data of this person is sent)", "url": address, "type": "absolute"}]}
            if address
            else {}
        ),
        "overrideReasons": [{"code": code, "system": CARDS, "display": words} for code, words in OVERRIDE_REASONS.items()],
    }


def summary_of(answer: Answer, unconfirmed: bool = False) -> str:
    """Return the line of a card: whom the model was fitted to, the risk with its interval, and its day, in under 140 characters.

    Parameters
    ----------
    unconfirmed : whether results that it rests on may still change, which stands before the risk
    """
    who = {"real": "Research", "simulated": "Research, simulated people"}.get(answer.model.fitted_to, "Research, unknown people")
    who += ", preliminary results" if unconfirmed else ""
    if not answer.risks:
        return f"{who}: {CRITERIA_WARNING}"[:LONGEST_SUMMARY]
    risk = told_first(answer)
    day = "" if answer.as_of.is_past else f" (as of {answer.landmark})"
    event = event_of(answer)
    whole = f"{who}: {event} {risk.shown.text}{day}"
    return whole if len(whole) <= LONGEST_SUMMARY else f"{who}: {risk.shown.text}{day}"[:LONGEST_SUMMARY]


def told_first(answer: Answer) -> HorizonRisk:
    """Return the risk of the middle horizon."""
    return answer.risks[len(answer.risks) // 2]


def _detail(told: Told, unseen: Sequence[str]) -> str:
    """Return what stands behind the line: what may change and what is missing first, then the risks, their reasons and their limits."""
    answer = told.answer
    orders = f"{_ORDERS}: {', '.join(unseen)}" if unseen else ""
    lines = [*(f"- {escaped(text)}" for text in (told.unconfirmed, *answer.warnings, orders, *told.sent.notes) if text), ""]
    if answer.risks:
        lines += [f"**{escaped(caveat_of(answer))}{escaped(answer.basis.outcome)}**", ""]
        lines += [f"- {escaped(risk.shown.text)}" for risk in answer.risks]
        lines += ["", "Main reasons:", ""] + [f"- {escaped(reason)}" for reason in reasons_in(told_first(answer))] + [""]
    else:
        lines += [escaped(problem.message) for problem in withheld(answer)] + [""]
    return "\n".join([*lines, escaped(answer.notice), "", *(f"- {escaped(text)}" for text in answer.basis.limits)])


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it as it is.

    Examples
    --------
    >>> escaped("< 1 % [x](y) *z*")
    '&lt; 1 % \\\\[x\\\\](y) \\\\*z\\\\*'
    """
    return text.translate(_MARKS)
