"""What a reference means: `Patient/x`, `urn:uuid:...`, an absolute URL, with or without `/_history/n`; by one rule for every reader.

People are followed through merged records, never in a circle. A reference that names nothing matches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from features.sources.fhir.bundles import Found

Target = TypeVar("Target")
_ONE_SERVER = "some references to patients name a server and others none, as the patients do: that server is taken for the one of all"


class Targets(Generic[Target]):
    """What was read, by every name that a reference may use for it; a name of two different things means neither."""

    def __init__(self) -> None:
        self._by_url: dict[str, Target | None] = {}
        self._by_name: dict[str, dict[str, Target | None]] = {}  # `Type/id` -> address of the server, empty where not known
        self.servers: set[str] = set()  # that references to what is of a server not known name

    def add(self, name: str, full_url: str, target: Target) -> None:
        """Remember what `name` (as in `Medication/x`) and the full URL of its entry stand for; either may be empty."""
        url = unversioned(full_url)
        if url:
            _put(self._by_url, url, target)
        if name:
            _put(self._by_name.setdefault(name, {}), url.removesuffix(f"/{name}") if "://" in url else "", target)

    def heed(self, references: Iterable[str]) -> None:
        """Look at all references before any is followed: two servers cannot both be that of what says no server."""
        for reference in map(unversioned, references):
            base, name = _split(reference)
            if name and reference not in self._by_url and set(self._by_name.get(name, ())) == {""}:
                self.servers.add(base.partition("://")[2].casefold())

    def find(self, reference: str) -> Target | None:
        """Return what a reference stands for, or None where it leads nowhere or may mean several things.

        What is known to be of another server is not taken for one of the same name, nor what may be of one of two servers.
        """
        reference = unversioned(reference)
        if reference in self._by_url:
            return self._by_url[reference]
        base, name = _split(reference)
        known = self._by_name.get(name or reference, {})
        if name and base not in known:
            return known.get("") if set(known) == {""} and len(self.servers) < 2 else None
        found = [known[base]] if name else list(known.values())
        return found[0] if found and all(one == found[0] for one in found) else None


class Persons:
    """The patients that were read, and who is meant by what does not refer to a patient at once."""

    def __init__(self) -> None:
        self._patients: Targets[str] = Targets()
        self._replaced: dict[str, str] = {}
        self._subjects: Targets[str] = Targets()

    def add(self, patient_id: str, full_url: str, replaced_by: str) -> None:
        """Remember a patient, and the reference of the record that replaces it, if any."""
        if patient_id:
            self._patients.add(f"Patient/{patient_id}", full_url, patient_id)
        if patient_id and replaced_by:
            self._replaced[patient_id] = replaced_by

    def heed(self, references: Iterable[str]) -> list[str]:
        """Look at all references to patients before any is followed, and return what to say of those that name a server.

        Where the patients say no server, one that all references name is taken for theirs. Of two, nobody can tell which is.
        """
        asked = {unversioned(reference) for reference in (*references, *self._replaced.values())}
        self._patients.heed(asked)
        named = len(self._patients.servers)
        if named > 1:
            said = f"references to patients name {named} servers, and the patients say none: what names a server is refused"
            return [f"{said} (missing_reference); ingest each server's files alone, or give the full URL of each Patient"]
        bare = any(reference.count("/") == 1 and "://" not in reference for reference in asked)
        return [_ONE_SERVER] if named and bare else []

    def add_subjects(self, resources: Iterable[Found]) -> None:
        """Remember what each other resource refers to, for references that do not lead to a patient at once."""
        for found in resources:
            resource = found.resource or {}
            subject = reference_from(found, resource.get("subject", resource.get("patient")))
            if subject and resource.get("resourceType") != "Patient":
                self._subjects.add(name_of(resource), found.full_url, subject)

    def resolve(self, reference: str) -> tuple[str, str]:
        """Return the patient's identifier and no refusal, or nothing and why the reference leads nowhere."""
        seen: set[str] = set()
        while True:
            reference = unversioned(reference)
            if reference in seen:
                return "", "cyclic_reference"
            seen.add(reference)
            patient = self._patients.find(reference)
            if patient is not None and patient not in self._replaced:
                return patient, ""
            following = self._subjects.find(reference) if patient is None else self._replaced[patient]
            if not following:
                return "", "missing_reference"
            reference = following

    def is_replaced(self, patient_id: str) -> bool:
        """Return whether another record has taken this patient's place."""
        return patient_id in self._replaced


def reference_of(element: object) -> str:
    """Return the text of a Reference, or nothing where it is not one."""
    reference = element.get("reference") if isinstance(element, dict) else None
    return reference.strip() if isinstance(reference, str) else ""


def reference_from(found: Found, element: object) -> str:
    """Return the text of a Reference; where its resource's server is known, `Type/id` is one of that server."""
    reference = reference_of(element)
    name, url = name_of(found.resource or {}), unversioned(found.full_url)
    if unversioned(reference).count("/") == 1 and name and "://" in url and url.endswith(f"/{name}"):
        return f"{url.removesuffix(name)}{reference}"
    return reference


def unversioned(reference: str) -> str:
    """Return a reference to a version of a resource as one to the resource."""
    return reference.partition("/_history/")[0]


def name_of(resource: dict[str, object]) -> str:
    """Return `Type/id` of a resource, or nothing where it has no identifier."""
    name = resource.get("id")
    return f"{resource.get('resourceType')}/{name}" if isinstance(name, str) and name else ""


def name_and_base(found: Found) -> tuple[str, str]:
    """Return what identifies a resource, or what is deleted: `Type/id` and its server's address where known; else its full URL."""
    url = unversioned(found.full_url)
    if found.deletes:
        base, name = _split(unversioned(found.deletes).lstrip("/"))
        name = name or unversioned(found.deletes).lstrip("/")
        return name, base or (url.removesuffix(f"/{name}") if "://" in url and url.endswith(f"/{name}") else "")
    name = name_of(found.resource or {})
    if not name:
        return url, ""
    return name, url.removesuffix(f"/{name}") if "://" in url else ""


def _split(reference: str) -> tuple[str, str]:
    """Return server and `Type/id` of an absolute URL; of any other reference nothing."""
    parts = reference.rsplit("/", 2)
    absolute = "://" in reference and len(parts) == len(("base", "type", "id"))
    return (parts[0], "/".join(parts[1:])) if absolute else ("", "")


def _put(known: dict[str, Target | None], name: str, target: Target) -> None:
    known[name] = target if known.get(name, target) == target else None
