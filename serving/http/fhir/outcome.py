"""A refusal as FHIR says it: an OperationOutcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from serving.http.fhir.names import REASONS
from serving.http.response import MOST_LISTED, Problem, as_json

FHIR_JSON = "application/fhir+json"
# Reason -> type of issue (http://hl7.org/fhir/issue-type); `invalid` where it is not named.
_TYPES = {
    **dict.fromkeys(("json_invalid", "broken_resource", "not_json", "repeated_name"), "structure"),
    **dict.fromkeys(("missing_value", "no_patient", "no_visit"), "required"),
    **dict.fromkeys(("body_too_large", "too_long"), "too-long"),
    **dict.fromkeys(("missing_reference", "not_found"), "not-found"),
    **dict.fromkeys(("duplicate_row", "repeated_patient"), "duplicate"),
    **dict.fromkeys(("conflicting_duplicate", "conflicting_components", "conflicting_findings", "withdrawn_twin"), "conflict"),
    "lone_component": "incomplete",
    **dict.fromkeys(("unsupported_media_type", "not_acceptable", "method_not_allowed", "no_mapping", "unknown_task"), "not-supported"),
    **dict.fromkeys(
        ("unknown_unit", "unknown_category", "unknown_word", "diagnosis_not_mapped", "unnamed_drug", "system_not_known"), "code-invalid"
    ),
    "wrong_specimen": "value",
    **dict.fromkeys(("several_people", "other_subject", "other_focus"), "multiple-matches"),
    **dict.fromkeys(("progressed", "dead", "treated", "before_index", "under_age", "no_index", "criteria_met"), "business-rule"),
    **dict.fromkeys(("other_stage", "stage_unknown", "stage_contradicted", "diagnosis_not_active"), "business-rule"),
    "partial_history": "incomplete",
    "modifier_extension": "extension",
    "implicit_rules": "not-supported",
    "request_timeout": "timeout",
    "overloaded": "throttled",
    "unauthorized": "login",
    "internal_error": "exception",
}
_COUNT = "informational"
_FATAL = ("internal_error",)


def outcome_of(problems: Sequence[Problem], more: int = 0) -> dict[str, Any]:
    """Return why something is refused, as an OperationOutcome; of many problems the first are listed, and the others counted."""
    listed = [_issue(problem) for problem in problems[:MOST_LISTED]]
    others = more + max(0, len(problems) - MOST_LISTED)
    counted = [{"severity": "information", "code": _COUNT, "diagnostics": f"{others} more problems are not listed"}]
    return {"resourceType": "OperationOutcome", "issue": [*listed, *(counted if others else [])]}


def as_fhir(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a resource as FHIR's JSON."""
    return as_json(content, status, headers, FHIR_JSON)


def fhir_refusal(status: int, problems: Sequence[Problem], more: int = 0, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request in FHIR that is refused."""
    return as_fhir(outcome_of(problems, more), status, headers)


def _issue(problem: Problem) -> dict[str, Any]:
    received = f'; received: "{problem.received}"' if problem.received else ""
    place = {"expression": [problem.where]} if problem.where.startswith("Bundle") else {}
    return {
        "severity": "fatal" if problem.code in _FATAL else "error",
        "code": _TYPES.get(problem.code, "invalid"),
        "details": {"coding": [{"system": REASONS, "code": problem.code}], "text": problem.message},
        "diagnostics": f"{problem.where}: {problem.message}{received}",
        **place,
    }
