"""One person a request: every resource that names somebody names the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from features.sources.fhir.bundles import Found
from features.sources.fhir.elements import Patient
from features.sources.fhir.references import Persons, name_of, reference_from, unversioned
from serving.http.response import Problem

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # of a resource, as FHIR R4 defines it
_CONDITIONAL = (  # http.html, conditional references
    "the subject is a search (Patient?...), which the server of a transaction resolves; needed: a reference to the Patient of the Bundle, "
    "as Patient/id or its fullUrl"
)
_URL = re.compile(r"[a-z][a-z0-9+.\-]*:[A-Za-z0-9\-._~:/?#@!$&()*+,;=%\[\]]{1,500}")


def persons_in(resources: Sequence[Found]) -> tuple[Persons, dict[str, Found]]:
    """Return who is meant by references, and the Patients by identifier; records that others replace are left out."""
    persons, patients = Persons(), {}
    for found in resources:
        if found.resource is None or found.resource["resourceType"] != "Patient":
            continue
        try:
            links = Patient.model_validate(found.resource).link
        except ValidationError:
            links = []  # what is broken is refused where it is read
        name = found.resource.get("id") or found.full_url
        patients[str(name)] = found
        replaced_by = next((link.other.reference for link in links if link.type == "replaced-by"), None) or ""
        persons.add(str(name), found.full_url, replaced_by)
    return persons, {name: found for name, found in patients.items() if not persons.is_replaced(name)}


def others_in(resources: Sequence[Found], where: Sequence[str]) -> Iterator[Problem]:
    """Yield why the resources are not those of one person.

    Parameters
    ----------
    where : the place of each resource, as it is told
    """
    persons, patients = persons_in(resources)
    if not patients:
        yield Problem("no_patient", "Bundle", "needed: the Patient whom the resources are about")
    if len(patients) > 1:
        yield Problem("several_people", "Bundle", f"the Bundle holds {len(patients)} people; send those of one person")
    if len(patients) != 1:
        return
    (own,) = patients
    if not reference_to(patients[own]):
        yield Problem("broken_resource", "Bundle", "a Patient has an id of up to 64 letters, digits, - and ., or a fullUrl")
    references = [_subject_in(found) for found in resources]
    persons.heed(references)
    for reference, place in zip(references, where, strict=True):
        if "?" in reference:
            if reference.partition("?")[0].rpartition("/")[2] == "Patient":
                yield Problem("missing_reference", place, _CONDITIONAL)
        elif reference and _may_be_a_person(reference) and persons.resolve(reference)[0] != own:
            yield Problem("other_subject", place, "the resource is about somebody else than the Patient of the Bundle")


def _subject_in(found: Found) -> str:
    resource = found.resource or {}
    return reference_from(found, resource.get("subject", resource.get("patient")))


def subject_of(resources: Sequence[Found]) -> str:
    """Return a reference to the one person: `Patient/id`, or the full URL where the Patient has no id."""
    ((_, found),) = persons_in(resources)[1].items()
    return reference_to(found)


def reference_to(found: Found) -> str:
    """Return a reference to a resource: `Type/id`, its full URL, or nothing where it has neither in the shape that FHIR gives them."""
    resource = found.resource or {}
    if isinstance(resource.get("id"), str) and _ID.fullmatch(resource["id"]):
        return name_of(resource)
    url = unversioned(found.full_url)
    return url if "id" not in resource and _URL.fullmatch(url) else ""


def _may_be_a_person(reference: str) -> bool:
    """Return whether a reference may lead to a person: one of another type, such as a device, does not."""
    kind = unversioned(reference).rpartition("/")[0].rpartition("/")[2]
    return kind in ("", "Patient") and not reference.startswith("#")
