"""The elements of FHIR R4 resources that are used, checked for their shape; all others may hold anything."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

LONGEST = 1000  # characters


class Element(BaseModel):
    """An element: types as FHIR has them (a number is no text), elements that are not used are left aside.

    No code, unit, day or reference is as long as `LONGEST`: a longer text is no such thing, and would cost whoever looks at it.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, str_max_length=LONGEST)


class Coding(Element):
    """A code of a code system."""

    system: str | None = None
    code: str | None = None


class CodeableConcept(Element):
    """Several codings of one thing."""

    coding: list[Coding] = []


class Answer(CodeableConcept):
    """A result that is coded, and what it is called."""

    text: str | None = None


class Reference(Element):
    """A reference to another resource."""

    reference: str | None = None


class Period(Element):
    """A time from and to, as written."""

    start: str | None = None
    end: str | None = None


class Quantity(Element):
    """A measured value."""

    value: float | None = None
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Valued(Element):
    """What a result and a component of one share."""

    code: CodeableConcept
    valueQuantity: Quantity | None = None  # noqa: N815 - FHIR's own name
    valueString: str | None = None  # noqa: N815
    valueInteger: int | None = None  # noqa: N815
    valueCodeableConcept: Answer | None = None  # noqa: N815
    dataAbsentReason: CodeableConcept | None = None  # noqa: N815

    @property
    def has_value(self) -> bool:
        """Return whether there is a value of a type that is read."""
        typed = (self.valueQuantity, self.valueInteger, self.valueCodeableConcept)
        return bool(self.valueString) or any(value is not None for value in typed)


class Observation(Valued):
    """A result."""

    status: str
    subject: Reference | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    effectiveInstant: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    issued: str | None = None
    component: list[Valued] = []
    focus: list[Reference] = []
    method: CodeableConcept | None = None
    specimen: Reference | None = None


class Condition(Element):
    """A diagnosis."""

    code: CodeableConcept
    subject: Reference
    verificationStatus: CodeableConcept = CodeableConcept()  # noqa: N815
    onsetDateTime: str | None = None  # noqa: N815
    onsetPeriod: Period | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815


class Medicated(Element):
    """A drug that was ordered or given."""

    status: str
    subject: Reference
    intent: str | None = None
    doNotPerform: bool | None = None  # noqa: N815
    authoredOn: str | None = None  # noqa: N815
    whenHandedOver: str | None = None  # noqa: N815
    whenPrepared: str | None = None  # noqa: N815
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815


class Link(Element):
    """Another record of the same person."""

    other: Reference
    type: str


class Extension(Element):
    """An extension that holds a code."""

    url: str
    valueCode: str | None = None  # noqa: N815


class Patient(Element):
    """A person."""

    id: str | None = None
    gender: str | None = None
    birthDate: str | None = None  # noqa: N815
    deceasedDateTime: str | None = None  # noqa: N815
    deceasedBoolean: bool | None = None  # noqa: N815
    managingOrganization: Reference = Reference()  # noqa: N815
    extension: list[Extension] = []
    link: list[Link] = []
