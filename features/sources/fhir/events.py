"""FHIR Condition, Encounter, and what says that a drug was ordered, dispensed, given or taken: diagnoses, drugs, and days of contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
from pydantic import ValidationError

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import FhirCodes, codings, is_broken, words_of
from features.sources.fhir.contacts import Contacts
from features.sources.fhir.elements import Condition, Medicated
from features.sources.fhir.medications import KINDS, Medications
from features.sources.fhir.modifiers import modified
from features.sources.fhir.references import reference_from
from features.sources.fhir.regimens import treatment_words
from features.sources.mapping import SYSTEMS
from features.sources.unmapped import note_of
from myeloma.echo import echo_code

_NOT_GIVEN = ("entered-in-error", "not-done", "cancelled", "draft", "not-taken", "intended", "declined")
_NOT_HANDED_OVER = "preparation"  # of a dispense: "the core event has not started yet" (R4, valueset-medicationdispense-status)
_NOT_ORDERED = ("proposal", "plan", "option")
_NOT_HAPPENED = ("entered-in-error", "planned", "cancelled")
_NOT_CONFIRMED = ("entered-in-error", "refuted", "unconfirmed", "provisional", "differential")
# Antineoplastic agents, and the class of immunosuppressants that holds the immunomodulators of myeloma, as the ATC files them.
_OF_CANCER = ("ATC:L01", "ATC:L04AX")
_MAYBE_TREATMENT = (
    "drugs against cancer, or immunomodulators, that the mapping does not have; a risk of untreated disease is wrong for whoever"
    " was treated with them for the disease: look it up, and map the code"
)
_COLUMNS = ["reference", "occurred_at", "kind", "detail", "source_file", "source_row", "refusal"]


class Events:
    """Collects the occurrences that codes stand for."""

    def __init__(self, codes: FhirCodes, contacts: Contacts, follows_drugs: bool) -> None:
        self._contacts = contacts
        self._codes = codes
        self._follows_drugs = follows_drugs
        self._rows: list[tuple[str, str, str, str, str, int, str]] = []
        self._medications = Medications(codes)
        self._pending: list[tuple[Found, dict[str, Any]]] = []
        self._set_aside = 0
        self._unmapped: Counter[str] = Counter()
        self._other_drugs: Counter[str] = Counter()
        self._may_be_treatment: set[str] = set()

    def take(self, found: Found) -> None:
        """Read one resource; one of which no code is mapped leaves a day of contact at most."""
        resource = found.resource
        if resource is None:
            self._add(found, "", "", "", "", found.refusal)
        elif resource["resourceType"] == "Condition":
            self._condition(found, resource)
        elif resource["resourceType"] == "Encounter":
            self._encounter(found, resource)
        elif resource["resourceType"] in KINDS:
            if not (found.refusal or modified(resource)):  # an order of it is then one of a drug that is not there
                self._medications.add(found, resource)
        else:
            self._drug(found, resource)

    def resolve_drugs(self) -> None:
        """Read the orders and administrations that name their drug by reference, when all drugs are known."""
        self._medications.heed((found, resource["medicationReference"]) for found, resource in self._pending)
        for found, resource in self._pending:
            concept, element = resource.get("medicationCodeableConcept"), resource["medicationReference"]
            drug = self._medications.find(found, element)
            if drug is not None and drug.roles:
                self._given(found, resource, list(drug.roles))
            elif drug is not None:
                words = f"{drug.words} {words_of(concept, element)}"
                self._other(found, resource, words, drug.codings, named=drug.named or bool(words_of(concept, element)), broken=drug.broken)
            elif (self._codes.knows_drugs_by_name and words_of(None, element)) or codings(concept):
                self._other(found, resource, words_of(concept, element), codings(concept))
            else:
                self._untold(found, resource, "missing_medication")

    def frame(self) -> pd.DataFrame:
        """Return one row per occurrence, and one per resource that could not be read."""
        return pd.DataFrame(self._rows, columns=_COLUMNS)

    def notes(self) -> list[str]:
        """Return what was not used."""
        words = "mapped diagnoses and drugs are not confirmed, refuted, cancelled, not done, proposed or in error, and not read"
        listed = ", ".join(f"{kind} {n}" for kind, n in self._unmapped.most_common())
        unmapped = f"{self._unmapped.total()} diagnoses and drugs have a code that is not mapped ({listed})"
        return [*([f"{self._set_aside} {words}"] if self._set_aside else []), *([unmapped] if listed else []), *self._notes_of_drugs()]

    def _notes_of_drugs(self) -> list[str]:
        """Name the drugs that are not mapped by their codes, and those that may be a treatment first; a name is free text: ours is told."""
        share = f"{self._other_drugs.total()} codes of drugs are not mapped"
        listed = note_of(share, self._other_drugs.most_common())[0] if self._other_drugs else []
        cancer = sorted(code for code in self._other_drugs if code.startswith(_OF_CANCER) and echo_code(code))
        told = [*cancer, *sorted(self._may_be_treatment)]
        return [*([f"{_MAYBE_TREATMENT}: {', '.join(told)}"] if told else []), *listed]

    def _condition(self, found: Found, resource: dict[str, Any]) -> None:
        roles = [role for role in self._codes.roles(resource.get("code")) if role[0] != "treatment"]
        subject = reference_from(found, resource.get("subject"))
        if not roles:
            if is_broken(resource.get("code")):
                self._add(found, subject, "", "", "", found.refusal or "broken_resource")
            else:
                self._unmapped["Condition"] += 1
                self._contacts.note(found, subject, resource.get("recordedDate"))
            return
        if any(code in _NOT_CONFIRMED for _, code in codings(resource.get("verificationStatus"))):
            self._set_aside += 1
            return
        if why := found.refusal or modified(resource):
            self._add_all(found, subject, "", roles, why)
            return
        try:
            condition = Condition.model_validate(resource)
        except ValidationError:
            self._add_all(found, subject, "", roles, "broken_resource")
            return
        onset = condition.onsetPeriod and condition.onsetPeriod.start
        day = condition.onsetDateTime or onset or condition.recordedDate or ""
        self._contacts.note(found, subject, condition.recordedDate)
        self._add_all(found, subject, day, roles, "")

    def _encounter(self, found: Found, resource: dict[str, Any]) -> None:
        period = resource.get("period")
        if isinstance(period, dict) and resource.get("status") not in _NOT_HAPPENED and not found.refusal:
            self._contacts.note(found, reference_from(found, resource.get("subject")), period.get("end"), period.get("start"))

    def _drug(self, found: Found, resource: dict[str, Any]) -> None:
        concept = resource.get("medicationCodeableConcept")
        roles = self._codes.drugs(concept, resource.get("medicationReference"))
        if roles:
            self._given(found, resource, roles)
        elif self._follows_drugs and "medicationReference" in resource:
            self._pending.append((found, resource))
        else:
            words = words_of(concept)
            self._other(found, resource, words, codings(concept), named=bool(words), broken=is_broken(concept))

    def _other(
        self,
        found: Found,
        resource: dict[str, Any],
        words: str,
        listed: Iterable[tuple[str, str]],
        *,
        named: bool = True,
        broken: bool = False,
    ) -> None:
        """Count a drug that is none of the mapping's; one of which nobody can tell whether it is, is refused where it is given."""
        if self._follows_drugs and broken and self._is_given(resource):
            self._untold(found, resource, found.refusal or "broken_resource")
        elif self._codes.knows_drugs_by_name and not named and self._is_given(resource):
            self._untold(found, resource, "unnamed_drug")
        else:
            self._unmapped[resource["resourceType"]] += 1
            self._other_drugs.update({code for code in map(_written, listed) if code})
            self._may_be_treatment.update(treatment_words(words) if self._codes.knows_drugs_by_name else ())

    def _untold(self, found: Found, resource: dict[str, Any], why: str) -> None:
        """Refuse a drug that may be one of the treatment; one that was not given is set aside."""
        if self._is_given(resource):
            self._add(found, reference_from(found, resource.get("subject")), "", "treatment_start", "", why)
        else:
            self._set_aside += 1

    def _given(self, found: Found, resource: dict[str, Any], roles: list[tuple[str, str]]) -> None:
        drugs = [("treatment_start", drug) for _, drug in roles]
        subject = reference_from(found, resource.get("subject"))
        if not self._is_given(resource):
            self._set_aside += 1
            return
        if why := found.refusal or modified(resource):
            self._add_all(found, subject, "", drugs, why)
            return
        try:
            given = Medicated.model_validate(resource)
        except ValidationError:
            self._add_all(found, subject, "", drugs, "broken_resource")
            return
        period = given.effectivePeriod
        dispensed = given.whenHandedOver or given.whenPrepared
        start = given.effectiveDateTime or (period and period.start) or given.authoredOn or dispensed or ""
        self._add_all(found, subject, start, drugs, "")
        self._contacts.note(found, subject, given.effectiveDateTime)
        if period and period.end:
            self._add_all(found, subject, period.end, [("treatment_stop", drug) for _, drug in drugs], "")

    @staticmethod
    def _is_given(resource: dict[str, Any]) -> bool:
        """Return whether a drug is ordered or given: not withdrawn, not refused, not only proposed or prepared."""
        if resource.get("status") == _NOT_HANDED_OVER and not resource.get("whenHandedOver"):
            return False
        return not (resource.get("status") in _NOT_GIVEN or resource.get("doNotPerform") is True or resource.get("intent") in _NOT_ORDERED)

    def _add_all(self, found: Found, subject: str, day: str, roles: list[tuple[str, str]], refusal: str) -> None:
        for kind, detail in roles:
            self._add(found, subject, day, kind, detail, refusal)

    def _add(self, found: Found, subject: str, day: str, kind: str, detail: str, refusal: str) -> None:
        self._rows.append((subject, day, kind, detail, found.file, found.row, refusal))


def _written(coding: tuple[str, str]) -> str:
    """Return a code of a vocabulary as a mapping writes it; nothing for one of a system that is not known."""
    vocabulary = next((name for name, system in SYSTEMS.items() if system == coding[0]), "")
    return f"{vocabulary}:{coding[1]}" if vocabulary else ""
