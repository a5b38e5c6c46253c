"""An answer as FHIR R4 says it: one RiskAssessment with a prediction for each horizon, its probabilities in percent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from features.sources.fhir.bundles import Found
from myeloma.calendar import horizon_days
from serving.answer.record import Answer, HorizonRisk
from serving.http.fhir.names import IDENTITIES, INTERVAL, MODELS, OUTCOMES
from serving.http.fhir.person import Sent
from serving.http.fhir.subjects import reference_to

_DEVICE = "model"
_REASONS = 3  # named in a rationale
_MYELOMA = {"system": "http://snomed.info/sct", "code": "109989006", "display": "Multiple myeloma"}


def assessment_of(answer: Answer, sent: Sent, landmark: int) -> dict[str, Any]:
    """Return the RiskAssessment of an answer that shows risks.

    `probabilityDecimal` is in percent, as R4 has it (ras-2: at most 100). The interval of the model is an extension, since R4 takes
    either one figure or a range. The identifier is the same where all the rest is, so that it may be written twice without harm, and what
    was written while results were preliminary, or before a note spoke against the risk, does not stand for what is said now.

    Parameters
    ----------
    landmark : days since 1970
    """
    said = {
        "resourceType": "RiskAssessment",
        "contained": [_device(answer)],
        "status": "preliminary" if sent.is_unconfirmed(landmark) else "final",
        "method": {"coding": [{"system": MODELS, **_named(answer)}], "text": _who_speaks(answer)},
        "subject": {"reference": sent.subject},
        "occurrenceDateTime": answer.landmark,
        **({"condition": {"reference": sent.diagnosis.reference}} if sent.diagnosis and sent.diagnosis.reference else {}),
        "performer": {"reference": f"#{_DEVICE}"},
        "basis": [_reference(found) for found in sent.used_by(landmark)],
        "prediction": [_prediction(answer, risk) for risk in answer.risks],
        "note": [{"text": text} for text in _notes(answer, sent)],
    }
    identity = uuid5(NAMESPACE_URL, f"{IDENTITIES}\n{answer.model!r}\n{said!r}")
    return {**said, "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"}]}


def reasons_in(risk: HorizonRisk) -> list[str]:
    """Return the main reasons for a risk, as the answer words them."""
    return [sentence.text for sentence in risk.sentences[:_REASONS]]


def event_of(answer: Answer) -> str:
    """Return what the risk is of, as people call it."""
    return answer.basis.outcome.partition(" within")[0]


def caveat_of(answer: Answer) -> str:
    """Return what has to stand in the line of a number: whom the model was fitted to, where these are not patients; else nothing."""
    said = {"real": "", "simulated": "Model fitted to simulated people: "}
    return said.get(answer.model.fitted_to, "Not known whom the model was fitted to: ")


def _prediction(answer: Answer, risk: HorizonRisk) -> dict[str, Any]:
    start = date.fromisoformat(answer.landmark)
    end = start + timedelta(days=horizon_days(risk.horizon_months))
    rationale = f"{caveat_of(answer)}{event_of(answer)} {risk.shown.text}."
    return {
        **({"extension": [_interval(risk.lower, risk.upper)]} if risk.lower is not None and risk.upper is not None else {}),
        "outcome": {"coding": _outcome(answer), "text": event_of(answer)},
        "probabilityDecimal": 100 * risk.risk,
        "whenPeriod": {"start": f"{start}", "end": f"{end}"},
        "rationale": " ".join([rationale, *reasons_in(risk)]),
    }


def _interval(lower: float, upper: float) -> dict[str, Any]:
    percent = {"unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    return {"url": INTERVAL, "valueRange": {"low": {"value": 100 * lower, **percent}, "high": {"value": 100 * upper, **percent}}}


def _outcome(answer: Answer) -> list[dict[str, str]]:
    own = {"system": OUTCOMES, "code": f"{answer.task}-event", "display": event_of(answer)}
    return [own, _MYELOMA] if answer.early_treatment is not None else [own]  # of smoldering disease the event is active myeloma


def _notes(answer: Answer, sent: Sent) -> Sequence[str]:
    death = f"Outcome: {answer.basis.outcome}, so whoever dies before never has it, and a probability is not 1 in the long run."
    interval = "The extension model-interval is a 95 % interval: how far the model is known for such a person, not what will happen."
    said = (answer.notice, *answer.basis.intended_use, death, interval, *answer.basis.not_for, *answer.basis.limits)
    return list(dict.fromkeys((*answer.warnings, *sent.notes, *said)))


def _device(answer: Answer) -> dict[str, Any]:
    versions = [("model", answer.model.model_version), ("features", answer.model.feature_hash)]
    versions += [(name, version) for name, version in answer.basis.versions.items() if name in ("program", "catalogue")]
    return {
        "resourceType": "Device",
        "id": _DEVICE,
        "deviceName": [{"name": answer.model.model_name, "type": "model-name"}],
        "version": [{"type": {"text": name}, "value": version} for name, version in versions if version],
    }


def _named(answer: Answer) -> dict[str, str]:
    version = {"version": answer.model.model_version} if answer.model.model_version else {}
    return {**version, "code": answer.model.model_name}


def _who_speaks(answer: Answer) -> str:
    version = f" version {answer.model.model_version}" if answer.model.model_version else ""
    return f"{answer.model.model_name}{version}, fitted to {answer.model.fitted_to} people"


def _reference(found: Found) -> dict[str, str]:
    reference = reference_to(found)
    return {"reference": reference} if reference else {"display": f"resource {found.row} of the request, which has no usable id or fullUrl"}
