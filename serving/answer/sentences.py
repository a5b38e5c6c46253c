"""The main reasons for a risk in words: what was measured, when, how it changed, and which way the model moves with it.

Each sentence carries its claim in machine form (`record.Claim`), so that it can be checked against the history without reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context
from math import expm1, floor
from typing import Literal

from features.history.columns import GROWTH, MARROW, MARROW_NOW, STATIC
from myeloma import catalogue
from myeloma.change import reference_change_value
from myeloma.criteria import BMPC_FROM_PERCENT
from myeloma.treated.response.codes import CATEGORIES
from serving.answer.record import Claim, Contribution, Sentence
from serving.answer.shown import day_text, horizon_text, whole_percent

MOST_SENTENCES = 5  # of one risk
LEAST_CONTRIBUTION = 0.1  # log-odds: what changes the odds by less than a tenth is no main reason; a convention, not a finding
HARDLY_TOLD = 0.9  # of the spread of growth among people: where results leave more than that of it, they tell little; a convention
_OF_WHOM = {"total, stable disease": "in stable disease", "total, healthy": "in healthy people", "within-person": "within a person"}
_REPORTED = {"<": "below ", ">": "above "}


def sentences_of(contributions: Sequence[Contribution], months: int, said: dict[str, str] | None = None) -> tuple[Sentence, ...]:
    """Return a sentence for each main reason for the risk within a horizon.

    Parameters
    ----------
    contributions : sequence of Contribution
        The largest first.
    said : dict, optional
        By biomarker, in words, what was measured of this person: what sentences of another horizon have said already, and of the burden
        what `growth_told` and `marrow_told` say. It is added to.
    """
    main = [one for one in contributions[:MOST_SENTENCES] if abs(one.contribution) >= LEAST_CONTRIBUTION]
    risk = f"the risk within {horizon_text(months)}"
    said = {} if said is None else said
    return tuple(_sentence(one, months, risk, said) for one in main)


def _sentence(one: Contribution, months: int, risk: str, said: dict[str, str]) -> Sentence:
    direction: Literal["raises", "lowers"] = "raises" if one.contribution > 0 else "lowers"
    if one.value is None:
        text = f"{said.get(one.biomarker) or _unknown(one)}: for this model that {direction} {risk}."
    elif one.biomarker in STATIC:
        told = said[one.biomarker] if one.biomarker in said else f"{_STATED[one.biomarker](one.value)}:"
        text = f"{told} {direction} {risk}."
    else:
        if one.biomarker not in said:
            by_now = said.get(MARROW_NOW, "") if one.biomarker == MARROW else ""
            said[one.biomarker] = f"{_measured(one)}{_changed(one)}{by_now}"
        text = f"{said[one.biomarker]}. With its history it {direction} {risk}."
    claim = Claim(months, one.contribution, one.value, one.reported, one.unit, one.collected_on, one.change, one.exceeds_noise)
    return Sentence(text, one.biomarker, direction, claim)


def _unknown(one: Contribution) -> str:
    return f"Not known: {STATIC[one.biomarker]}" if one.biomarker in STATIC else f"No result of {one.label} is known"


def _measured(one: Contribution) -> str:
    entry = catalogue()[one.biomarker]
    words = {number: word for word, number in entry.words.items()}
    assert one.value is not None
    shown = figure(one.value, 3 if entry.derived else 4)  # a quotient has no more digits than what it was divided from
    value = words.get(one.value) or f"{_REPORTED.get(one.reported, '')}{shown}{unit_text(entry.unit)}"
    return f"{one.label} was {value}" + (f" on {day_text(one.collected_on)}" if one.collected_on else "")


def _changed(one: Contribution) -> str:
    """Return what changed since the result before, and whether that is more than noise; nothing where no change can be stated."""
    entry = catalogue()[one.biomarker]
    if one.change is None or entry.words:
        return ""
    if one.change == 0:
        return ", the same as the result before"
    up = one.change > 0
    said = f", {_apart(abs(one.change), entry.unit)} {'above' if up else 'below'} the result before"
    limit = reference_change_value(one.biomarker)
    if limit is None or one.exceeds_noise is None:
        return f"{said}; how much of that is noise is not known"
    percent = whole_percent(limit.rise if up else limit.fall)
    how = "more than" if one.exceeds_noise else "within"
    return f"{said}: {how} the {percent} % by which noise alone {'raises' if up else 'lowers'} it {_OF_WHOM[entry.cv_kind]}"


def _apart(difference: float, unit: str) -> str:
    """Return how far two results lie apart: of shares in percentage points, since "5 % below" could be a twentieth."""
    shown = figure(difference, 3)
    if unit == "%":
        return f"{shown} percentage point{'' if shown == '1' else 's'}"
    return shown + unit_text(unit)


def figure(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits and all before the point, half up as the page writes them, never in powers of ten.

    Examples
    --------
    >>> figure(2.3), figure(2.3 - 1.8, 3), figure(12345.0, 3), figure(0.00001), figure(11.25, 3)
    ('2.3', '0.5', '12345', '0.00001', '11.3')
    """
    whole = len(str(int(abs(value))))
    text = f"{Context(prec=max(digits, whole), rounding=ROUND_HALF_UP).create_decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_text(unit: str) -> str:
    """Return a unit as it stands behind a number; nothing for a number without a dimension.

    Examples
    --------
    >>> unit_text("g/dL"), unit_text("{ratio}"), unit_text("mL/min/{1.73_m2}"), unit_text("mg/(24.h)")
    (' g/dL', '', ' mL/min/1.73 m²', ' mg/24 h')
    """
    if unit.startswith("{"):
        return ""
    return " " + unit.replace("{1.73_m2}", "1.73 m²").replace("(24.h)", "24 h")


def _either(yes: str, no: str) -> Callable[[float], str]:
    return lambda value: yes if value == 1.0 else no


def _months(of: str) -> Callable[[float], str]:
    return lambda value: f"{figure(value, 3)} months {of}"


def _category(what: str) -> Callable[[float], str]:
    return lambda value: f"{what}: {CATEGORIES[int(value)]}"


def growth_told(growth: float, sd: float, among_people: float, usual: float | None, change: float | None = None) -> str:
    """Return in words how fast the burden grows and how it has changed, as far as results tell; which way that moves a risk follows.

    Parameters
    ----------
    growth, sd : float
        Of its logarithm, a year, and what results leave uncertain of it.
    among_people : float
        The standard deviation of growth among people, before any result.
    usual : float, optional
        The median of growth in training.
    change : float, optional
        Of the logarithm, since the first result.

    Examples
    --------
    >>> growth_told(0.15, 0.05, 0.09, None, 0.35)
    'As the results tell it, the disease burden rises by 16 % a year, +42 % since the first result; for this model that'
    >>> growth_told(0.06, 0.089, 0.09, 0.06)
    'How fast the disease burden grows is hardly known yet; for this model that'
    """
    if sd > HARDLY_TOLD * among_people:
        return "How fast the disease burden grows is hardly known yet; for this model that"
    median = "" if usual is None else f" (median of training {percent_of(usual)})"
    since = "" if change is None else f", {percent_of(change)} since the first result"
    return f"As the results tell it, the disease burden {_course(growth)}{median}{since}; for this model that"


def marrow_told(percent: float) -> str:
    """Return in words what marrow would be by now; it follows what was measured.

    From the share on that would define myeloma no number is told: of so much nobody here was measured.

    Examples
    --------
    >>> marrow_told(25.7), marrow_told(81.0)
    ('; by the day of this risk all results together tell 26 %', '; by the day of this risk all results together tell 60 % or more')
    """
    told = f"{whole_percent(percent / 100)} %" if percent < BMPC_FROM_PERCENT else f"{BMPC_FROM_PERCENT:g} % or more"
    return f"; by the day of this risk all results together tell {told}"


def percent_of(growth: float, digits: int = 0) -> str:
    """Return a change of the logarithm in percent, with its sign and so many digits behind the point.

    Examples
    --------
    >>> percent_of(0.1506), percent_of(-0.1054), percent_of(0.001), percent_of(0.001, 1)
    ('+16 %', '-10 %', '0 %', '+0.1 %')
    """
    percent = round(100.0 * expm1(growth), digits)
    return f"{percent:+.{digits}f} %" if percent else "0 %"


def _course(growth: float) -> str:
    percent = round(100.0 * expm1(growth))
    if not percent:
        return "is steady"
    if percent >= 100:
        return "more than doubles in a year"
    return f"{'rises' if percent > 0 else 'falls'} by {abs(percent)} % a year"


def _lesions(value: float) -> str:
    """Return how many high-risk lesions FISH has found, in words."""
    if value > 1:
        return f"{value:.0f} high-risk lesions by FISH"
    return "One high-risk lesion by FISH" if value else "No high-risk lesion by FISH"


_STATED: dict[str, Callable[[float], str]] = {
    "age": lambda value: f"Age {floor(value)} years",
    "female": _either("Female sex", "Male sex"),
    "months_since_index": _months("since diagnosis"),
    "heavy_chain_iga": _either("IgA heavy chain", "No IgA heavy chain"),
    "fish_high_risk": _either("A high-risk FISH finding", "No high-risk FISH finding"),
    "fish_lesions": _lesions,
    "months_since_line": _months("since the line of therapy began"),
    "response": _category("Response as confirmed"),
    "best_response": _category("Best response so far"),
    "mrd_negative": _either("MRD-negative at 1e-5 or better", "MRD-positive"),
    "mrd_lost": _either("MRD negativity lost", "No loss of MRD negativity"),
    "mrd_depth": lambda value: f"Depth of MRD {figure(value, 3)} (-log10 of the level or limit)",
    "months_mrd_negative": _months("from the first to the last negative MRD test"),
    "months_since_mrd": _months("since the last MRD test"),
    "on_therapy": _either("On therapy", "Off therapy"),
    "anti_cd38": _either("An anti-CD38 antibody in the line of therapy", "No anti-CD38 antibody in the line of therapy"),
    GROWTH: lambda value: f"The disease burden {_course(value)}",
}
