"""Which codes of a source mean what: a small YAML file, parsed once into frozen dataclasses.

An unknown key is an error that names the nearest valid one. A code is text: `LOINC:718-7` (vocabulary and code), or
whatever the source itself writes. What counts as a match is said by each source.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

from features.cohort.schema import PROGRESSIONS
from features.sources.answers import answers
from myeloma import ConfigError, StateError, UserError, canonical_divisor, catalogue
from myeloma.errors import nearest
from myeloma.loinc import check_loinc, loinc_of

# Vocabulary names as people write them -> the identifier of the code system in FHIR.
SYSTEMS = {
    "LOINC": "http://loinc.org",
    "SNOMED": "http://snomed.info/sct",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD9CM": "http://hl7.org/fhir/sid/icd-9-cm",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "V2-0487": "http://terminology.hl7.org/CodeSystem/v2-0487",
}


def _text(value: Any) -> Any:
    """Take a number that YAML read for the code it is; 254837009 is a code, and so is "C90.0"."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _says_something(code: str) -> str:
    """Refuse a code that is empty: it would match every cell that is."""
    if not code.strip() or code.strip().partition(":")[1:] == (":", ""):
        raise ValueError("a code cannot be empty")
    return code


Result = Annotated[str, BeforeValidator(_text)]
Code = Annotated[str, BeforeValidator(_text), AfterValidator(_says_something)]
Codes = Annotated[tuple[Code, ...], BeforeValidator(lambda value: [value] if isinstance(value, str | int) else value)]


def _with_kinds(value: Any) -> Any:
    """Return codes alone as codes whose kind is not known."""
    listed = [value] if isinstance(value, str | int) else value
    return dict.fromkeys(listed, "") if isinstance(listed, list | tuple) else listed


Kinds = Annotated[dict[Code, str], BeforeValidator(_with_kinds)]


@dataclass(frozen=True)
class BiomarkerCode:
    """The biomarker, or item of a questionnaire, that a code means, and what else the code says.

    Attributes
    ----------
    unit : of values to which the source gives none
    component : any name of a monoclonal component; the results of one time are added up to the total (`features.sources.components`)
    method, specimen : how and in what it is measured, in the catalogue's words, where the code says it
    """

    biomarker: str
    unit: str = ""
    component: str = ""
    method: str = ""
    specimen: str = ""

    def __post_init__(self) -> None:
        if self.biomarker in answers():
            return
        entry = catalogue()[self.biomarker]
        if self.unit:
            canonical_divisor(self.biomarker, self.unit)
        for what, word, accepted in (("methods", self.method, entry.methods), ("specimens", self.specimen, entry.possible_specimens)):
            if word and word not in accepted:
                raise ConfigError(f'"{word}" is none of the {what} of {self.biomarker}.', nearest(word, accepted) if accepted else "")
        if self.component and not entry.clonal:
            clonal = ", ".join(entry.key for entry in catalogue().biomarkers.values() if entry.clonal)
            raise ConfigError(f"{self.biomarker} has no components.", f"components are added up of {clonal}.")


@dataclass(frozen=True)
class SexCodes:
    """Where the sex stands (a column or element of the person; the source's own by default), and which codes mean which."""

    read_from: str = ""
    female: Codes = ()
    male: Codes = ()


@dataclass(frozen=True)
class SiteCodes:
    """Where the site stands: a column or element of the person, or codes; or one name for all."""

    read_from: str = ""
    value: str = ""
    codes: dict[Code, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """What the codes of one source mean.

    Attributes
    ----------
    index : codes whose first occurrence is the index date; who has none is no part of the cohort
    progression : codes of progressions; or code -> its kind (biochemical, clinical, extramedullary), empty where not known
    death : codes of deaths (one that the source itself records needs no code)
    treatment : code -> name of the drug
    treatment_names : what stands within a drug's name, in any letter case -> name of the drug; of FHIR, where no code is mapped
    biomarkers : code -> biomarker and unit, beside the LOINC codes of the catalogue
    units : how the source writes a unit -> a unit of the catalogue
    methods, specimens : codes of a result's method, or of its specimen's type -> the catalogue's word
    results : codes or texts that results are -> the result, as `negative`, or `<1e-5` in the unit of the row
    stage : stage at the index date that the index codes stand for, the same for all
    schema : schema of an OMOP database
    """

    index: Codes
    progression: Kinds = field(default_factory=dict)
    death: Codes = ()
    treatment: dict[Code, str] = field(default_factory=dict)
    treatment_names: dict[Code, str] = field(default_factory=dict)
    biomarkers: dict[Code, BiomarkerCode] = field(default_factory=dict)
    units: dict[Code, str] = field(default_factory=dict)
    methods: dict[Code, str] = field(default_factory=dict)
    specimens: dict[Code, str] = field(default_factory=dict)
    results: dict[Code, Result] = field(default_factory=dict)
    sex: SexCodes = field(default_factory=SexCodes)
    site: SiteCodes = field(default_factory=SiteCodes)
    stage: str = ""
    schema: str = ""

    def roles(self) -> list[tuple[str, str, str]]:
        """Return (code, kind of occurrence, detail) for every code that is no biomarker."""
        listed = [(code, "index", "") for code in self.index]
        listed += [(code, "progression", kind) for code, kind in self.progression.items()]
        listed += [(code, "death", "") for code in self.death]
        return [*listed, *((code, "treatment", drug) for code, drug in self.treatment.items())]

    def measured(self) -> dict[str, BiomarkerCode]:
        """Return every biomarker code: the LOINC codes of the catalogue as `LOINC:718-7`, then those of the file, which win."""
        return {
            f"LOINC:{loinc}": BiomarkerCode(key, component=entry.loinc_components.get(loinc, ""))
            for key, entry in catalogue().biomarkers.items()
            for loinc in dict.fromkeys((*entry.loinc, *entry.loinc_components))
        } | self.biomarkers

    def types_of_specimen(self) -> dict[str, str]:
        """Return every code of a specimen's type: those of the catalogue, then those of the file, which win."""
        known = catalogue().known_specimens.items()
        return {code: name for name, specimen in known for code in specimen.codes} | self.specimens


def read_mapping(path: Path) -> Mapping:
    """Return the mapping that a YAML file holds.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        It is not YAML, a key is unknown (the nearest is named), or a value has another shape than is accepted.
    """
    return parse_mapping(read_yaml(path, "docs/sources.md shows one for each source."), path.name)


def read_yaml(path: Path, hint: str) -> Any:
    """Return what a mapping file holds, whatever it is; `hint` says where a mapping comes from.

    Raises
    ------
    StateError
        There is no such file.
    ConfigError
        It is not YAML.
    """
    if not path.is_file():
        raise StateError(f"No mapping file {path}.", hint)
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        raise ConfigError(
            f"{path.name} is not valid YAML{f', line {place.line + 1}' if place else ''}.", "check quotes and indents."
        ) from None


def parse_mapping(content: Any, where: str) -> Mapping:
    """Return a mapping from what a YAML file holds; `where` names it in errors."""
    _check_keys(content, Mapping, where)
    for part, kind in (("sex", SexCodes), ("site", SiteCodes)):
        if part in content:
            _check_keys(content[part], kind, f"{where}, {part}")
    content = dict(content)
    if isinstance(content.get("biomarkers"), dict):
        content["biomarkers"] = {code: _biomarker(code, entry, where) for code, entry in content["biomarkers"].items()}
    try:
        mapping = TypeAdapter(Mapping).validate_python(content)
    except ValidationError as error:
        words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{where}: {words}.", 'codes are text or numbers, as in index: ["SNOMED:109989006"].') from None
    if unknown := [kind for kind in mapping.progression.values() if kind not in ("", *PROGRESSIONS)]:
        raise ConfigError(f'{where}, progression: "{unknown[0]}" is no kind of progression.', nearest(unknown[0], PROGRESSIONS))
    for what, known in (("methods", catalogue().methods), ("specimens", catalogue().known_specimens)):
        if others := [word for word in getattr(mapping, what).values() if word not in known]:
            raise ConfigError(f'{where}, {what}: "{others[0]}" is not known.', nearest(others[0], known))
    for code, role, _ in mapping.roles():
        _check_code(code, f"{where}, {role}")
    return mapping


@cache
def omop_concepts() -> dict[str, Any]:
    """Return the OMOP concept ids that ship with the product, all as text."""
    content = yaml.safe_load(Path(__file__).with_name("omop").joinpath("concepts.yaml").read_text(encoding="utf-8"))
    return {part: {str(key): value for key, value in entries.items()} for part, entries in content.items()}


def _biomarker(code: Any, written: Any, where: str) -> BiomarkerCode:
    """Return an entry, written as `code: biomarker` or `code: {biomarker: ..., unit: ..., component: ...}`."""
    place = f"{where}, biomarkers, {code}"
    written = {"biomarker": written} if isinstance(written, str) else written
    _check_keys(written, BiomarkerCode, place)
    try:
        meant = BiomarkerCode(**{key: str(value) for key, value in written.items()})
    except UserError as error:
        raise ConfigError(f"{place}: {error.what}", error.hint, error.code) from None
    loinc = _check_code(str(code), f"{where}, biomarkers")
    if meant.biomarker in answers():
        return meant
    entry, bare = catalogue()[meant.biomarker], loinc or str(code)
    if (meaning := entry.loinc_refused.get(bare)) and not (meant.component and bare in entry.loinc_components):
        hint = f"codes of {meant.biomarker}: {', '.join(entry.loinc) or 'none'}."
        hint += " Give it as {component: band 2}, to be added up." if bare in entry.loinc_components else ""
        raise ConfigError(f"{place}: this LOINC code is {meaning}, not {meant.biomarker}.", hint)
    return meant


def _check_code(code: str, where: str) -> str | None:
    """Return the LOINC code that is written, None where it is of another vocabulary; refuse one that is mistyped."""
    loinc = loinc_of(code)
    if loinc is not None:
        check_loinc(loinc, where)
    return loinc


def _check_keys(section: Any, kind: type, where: str) -> None:
    accepted = [f.name for f in fields(kind)]
    if not isinstance(section, dict):
        raise ConfigError(f"{where} is empty, or is not a section.", f"Accepted keys: {', '.join(accepted)}.")
    if unknown := sorted(str(key) for key in section if key not in accepted):
        raise ConfigError(f'Unknown key "{unknown[0]}" in {where}.', nearest(unknown[0], accepted))
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    if missing := [key for key in needed if not section.get(key)]:
        raise ConfigError(f"{where} lacks: {', '.join(missing)}.", "docs/sources.md shows a mapping for each source.")
