"""The biomarker catalogue, read once from `catalogue.yaml` and checked."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from myeloma.errors import ConfigError, nearest
from myeloma.loinc import check_loinc

DEFAULT_PATH = Path(__file__).with_name("catalogue.yaml")
VARIABLE = "MYELOMA_CATALOGUE"
_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # every command reads the catalogue; compiled it takes a tenth of the time


# What a coefficient of variation is of: all that makes two results of one person differ, or the person alone; and of which people.
CV_KINDS = ("total, stable disease", "total, healthy", "within-person")
_NO_DIMENSION = ("{ratio}", "{presence}", "{score}")
_PART = re.compile(r"[^\W_]+")
_SAYS_NOTHING = ("specimen", "sample")  # as in "Urine specimen (specimen)"


@dataclass(frozen=True)
class Biomarker:
    """One analyte: its canonical unit, the units accepted, its limits and the direction of harm.

    `units` maps an accepted unit to the factor k in received = canonical x k, `spellings` other ways to write them. Limits are in
    the canonical unit; an infinite limit means that there is none. `least_in` maps a unit to the least value in it, and to what a
    lower one may be. `cv_kind` is one of `CV_KINDS`, empty without a `cv`. `loinc_refused` maps a LOINC code that is mistaken for
    the biomarker to what it is. `clonal` says that it is measured clone by clone: of several components the total
    is their sum; `loinc_components` names the component that a code means; one of `loinc_refused` means nothing without the others.
    `words` maps a word of a result to the
    number it stands for, empty where results are numbers. `limit_needed` says that a number is a finding, and that nothing was found
    needs the limit down to which one could see. `methods` are ways to measure it, between which values are not compared;
    of `specimens` the first is that of which features are made. `measured_in` are specimens that are not told apart. `aliases` are other
    names that it is accepted by.
    """

    key: str
    name: str
    unit: str
    units: dict[str, float]
    loinc: tuple[str, ...]
    lower: float
    upper: float
    harm: Literal["higher", "lower"] | None
    scale: Literal["linear", "log"]
    cv: float | None
    cv_kind: str
    expected: tuple[float, float] | None
    modifiable: bool
    usual_interval_days: int | None
    derived: bool = False
    spellings: dict[str, float] = field(default_factory=dict)
    least_in: dict[str, tuple[float, str]] = field(default_factory=dict)
    loinc_refused: dict[str, str] = field(default_factory=dict)
    loinc_components: dict[str, str] = field(default_factory=dict)
    clonal: bool = False
    words: dict[str, float] = field(default_factory=dict)
    limit_needed: bool = False
    aliases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    specimens: tuple[str, ...] = ()
    measured_in: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default_factory=tuple)

    @property
    def possible_specimens(self) -> tuple[str, ...]:
        """Return what a result may be said to be measured in; empty where nothing is known of it, as of a scale or a picture."""
        return self.specimens or self.measured_in

    @cached_property
    def divisors(self) -> dict[str, float]:
        """Every unit that is accepted, as `normalised` writes it, and what a value in it is divided by."""
        written = self.spellings | {self.unit: 1.0} | self.units
        units = {normalised(unit): factor for unit, factor in written.items()}
        if self.unit in _NO_DIMENSION:
            units |= dict.fromkeys(("", "1", self.unit.strip("{}")), 1.0)  # without a dimension to mistake
        return units


def normalised(unit: str) -> str:
    """Return a unit without what does not matter: letter case, blanks, which of the two micro signs."""
    return unit.strip().replace(" ", "").replace("µ", "u").replace("μ", "u").casefold()


@dataclass(frozen=True)
class Specimen:
    """Other words for a specimen, and the codes of FHIR's Specimen.type that mean it, as a mapping writes codes."""

    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All biomarkers by key, with the version that feature tables record; and what results may be said to be measured in."""

    version: str
    biomarkers: dict[str, Biomarker]
    spellings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known_specimens: dict[str, Specimen] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Biomarker:
        if key not in self.biomarkers:
            raise ConfigError(f'Unknown biomarker "{key}".', nearest(key, self.biomarkers), "unknown_biomarker")
        return self.biomarkers[key]

    def __contains__(self, key: object) -> bool:
        return key in self.biomarkers

    def __iter__(self) -> Iterator[str]:
        return iter(self.biomarkers)

    def keys(self) -> list[str]:
        """Return the biomarker keys in the order of the file."""
        return list(self.biomarkers)

    def key_of(self, name: str) -> str:
        """Return the key that a name stands for, in any letter case or as one of the aliases; an unknown name in lower case.

        Examples
        --------
        >>> catalogue().key_of("QLQ_C30_Global"), catalogue().key_of("M_Protein"), catalogue().key_of("Fe")
        ('qlq_c30_ql', 'm_protein', 'fe')
        """
        folded = name.casefold()
        return self._aliases.get(folded, folded)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Return the methods of all biomarkers, each once."""
        return tuple(dict.fromkeys(method for entry in self.biomarkers.values() for method in entry.methods))

    @cached_property
    def specimens(self) -> tuple[str, ...]:
        """Return the specimens of all biomarkers, each once."""
        return tuple(dict.fromkeys(specimen for entry in self.biomarkers.values() for specimen in entry.specimens))

    def specimen_of(self, text: str) -> str:
        """Return the specimen that a text means, empty where it is none that is known.

        Examples
        --------
        >>> [catalogue().specimen_of(text) for text in ("Serum", "24-h-Urin", "Bone marrow specimen (specimen)", "tube 3")]
        ['serum', 'urine', 'marrow', '']
        """
        return self._specimen_words.get(_plain(text), "")

    @cached_property
    def _specimen_words(self) -> dict[str, str]:
        own = [name for entry in self.biomarkers.values() for name in entry.possible_specimens]
        words = {_plain(name): name for name in (*own, *self.known_specimens)}
        return {_plain(word): name for name, specimen in self.known_specimens.items() for word in specimen.words} | words

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return {alias: key for key, entry in self.biomarkers.items() for alias in entry.aliases}


def _plain(text: str) -> str:
    """Return a name of a specimen without what does not matter in it."""
    return " ".join(part for part in _PART.findall(text.casefold()) if part not in _SAYS_NOTHING)


def read_catalogue(path: Path, known: Mapping[str, tuple[str, ...]] | None = None) -> Catalogue:
    """Return the catalogue held in a YAML file.

    Parameters
    ----------
    known : mapping, optional
        Other ways to write a unit, beside those of the file.

    Raises
    ------
    ConfigError
        The file cannot be read, an entry lacks a field, has one that is not known, a factor that is not positive, or what is no
        LOINC code.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _SAFE)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"The catalogue {path} cannot be read ({type(error).__name__}).", f"{VARIABLE} names a YAML file.") from None
    if not isinstance(content, dict) or not isinstance(content.get("biomarkers"), dict) or "version" not in content:
        raise ConfigError(f"{path} is no catalogue.", "it needs `version` and `biomarkers`; see myeloma/catalogue.yaml.")
    spellings = dict(known or {}) | {unit: tuple(written) for unit, written in (content.get("spellings") or {}).items()}
    entries = {key: _entry(key, dict(raw), spellings) for key, raw in content["biomarkers"].items()}
    specimens = {name: _specimen(str(name), raw) for name, raw in (content.get("specimens") or {}).items()}
    return Catalogue(str(content["version"]), entries, spellings, specimens)


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that ships, with the entries of the file that MYELOMA_CATALOGUE names added or put in place.

    A process reads it once: a cohort of other biomarkers, or of another disease, brings its own entries.

    Examples
    --------
    >>> catalogue()["creatinine"].unit
    'mg/dL'
    """
    shipped = read_catalogue(DEFAULT_PATH)
    if not os.environ.get(VARIABLE):
        return shipped
    own = read_catalogue(Path(os.environ[VARIABLE]), shipped.spellings)
    biomarkers, specimens = shipped.biomarkers | own.biomarkers, shipped.known_specimens | own.known_specimens
    return Catalogue(f"{shipped.version} with {own.version}", biomarkers, own.spellings, specimens)


_REQUIRED = {"name", "unit", "units", "loinc", "limits", "harm", "scale", "cv", "sources"}
_OPTIONAL = {
    "cv_kind",
    "derived",
    "expected",
    "modifiable",
    "usual_interval_days",
    "least_in",
    "loinc_refused",
    "loinc_components",
    "clonal",
    "words",
    "limit_needed",
    "aliases",
    "methods",
    "specimens",
    "measured_in",
}


def _entry(key: str, raw: dict[str, Any], spellings: Mapping[str, tuple[str, ...]]) -> Biomarker:
    where = f'Biomarker "{key}" in the catalogue'
    if missing := sorted(_REQUIRED - raw.keys()):
        raise ConfigError(f"{where} lacks: {', '.join(missing)}.")
    if unknown := sorted(raw.keys() - _REQUIRED - _OPTIONAL):
        raise ConfigError(f'{where} has the unknown field "{unknown[0]}".', nearest(unknown[0], _REQUIRED | _OPTIONAL))
    if raw["harm"] not in ("higher", "lower", None) or raw["scale"] not in ("linear", "log"):
        raise ConfigError(f"{where}: harm is higher, lower or null; scale is linear or log.")
    if (raw["cv"] is not None) != (raw.get("cv_kind") in CV_KINDS):
        raise ConfigError(f"{where}: a cv comes with a cv_kind.", f"one of: {'; '.join(CV_KINDS)}.")
    units = {unit: float(factor) for unit, factor in raw["units"].items()}
    if any(not (factor > 0 and math.isfinite(factor)) for factor in units.values()):
        raise ConfigError(f"{where}: every conversion factor must be positive.")
    least_in = {unit: (float(least), str(hint)) for unit, (least, hint) in raw.get("least_in", {}).items()}
    if unknown := sorted(least_in.keys() - units.keys()):
        raise ConfigError(f'{where}: least_in names the unit "{unknown[0]}".', nearest(unknown[0], units))
    refused = {str(code): str(meaning) for code, meaning in raw.get("loinc_refused", {}).items()}
    for code in (*raw["loinc"], *refused):
        check_loinc(str(code), where)
    lower, upper = raw["limits"]
    return Biomarker(
        key=key,
        name=raw["name"],
        unit=raw["unit"],
        units=units,
        loinc=tuple(raw["loinc"]),
        lower=-math.inf if lower is None else float(lower),
        upper=math.inf if upper is None else float(upper),
        harm=raw["harm"],
        scale=raw["scale"],
        cv=raw["cv"],
        cv_kind=raw.get("cv_kind", ""),
        expected=tuple(raw["expected"]) if raw.get("expected") else None,
        modifiable=bool(raw.get("modifiable", True)),
        usual_interval_days=raw.get("usual_interval_days"),
        derived=bool(raw.get("derived", False)),
        spellings={other: factor for unit, factor in {raw["unit"]: 1.0, **units}.items() for other in spellings.get(unit, ())},
        least_in=least_in,
        loinc_refused=refused,
        loinc_components={str(code): str(name) for code, name in raw.get("loinc_components", {}).items()},
        clonal=bool(raw.get("clonal", False)),
        words={str(word).casefold(): float(number) for word, number in raw.get("words", {}).items()},
        limit_needed=bool(raw.get("limit_needed", False)),
        **{name: tuple(map(str, raw.get(name, ()))) for name in ("aliases", "methods", "specimens", "measured_in")},
        sources=tuple(raw["sources"]),
    )


def _specimen(name: str, raw: Any) -> Specimen:
    parts = raw if isinstance(raw, dict) else {}
    if not parts or parts.keys() - {"words", "codes"}:
        raise ConfigError(f'Specimen "{name}" in the catalogue has `words` and `codes`, and nothing else.', "see myeloma/catalogue.yaml.")
    return Specimen(**{part: tuple(map(str, listed)) for part, listed in parts.items()})
