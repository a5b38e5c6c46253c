"""The 27 items of TRIPOD+AI: what the run can say to each, and a visible blank where a person has to write.

Collins et al., BMJ 2024;385:e078378. The headings here are abbreviated; the checklist itself counts.
"""

from __future__ import annotations

from features.history.columns import capital
from training.card import explained, performance, provenance, purpose, subgroups
from training.card.document import Blank, Cell, Link, Part, Section, Table, Text
from training.card.facts import Facts
from training.estimators import KINDS
from training.estimators.kind import WEIGHTED
from training.metrics.names import Metric, without_subset

TITLE = "TRIPOD+AI"
_NOTE = (
    "The headings are abbreviated: fill in and hand in the checklist itself (Collins et al., BMJ 2024;385:e078378). "
    "What the run knows is filled in; the rest is left to be written by people, and says so."
)
_HIDDEN = " A share of the visits was fitted to a second time with biomarkers hidden, to learn the risk where they are not known."
_Items = list[tuple[str, Cell, str]]


def tripod(facts: Facts) -> Section:
    """Return the checklist."""
    number, parts = 0, []
    for make in (_opening, _data, _methods, _openness, _results, _discussion):
        rows: list[list[Cell]] = []
        for heading, cell, section in make(facts):
            number += 1
            rows.append([f"{number} {heading}", cell, Link(section, section) if section else ""])
        parts.append(Table(f"Items {number - len(rows) + 1} to {number}", ("item", "this model", "see"), [Part(rows)], numbers=False))
    return Section(TITLE, [Text(_NOTE), *parts])


def _opening(facts: Facts) -> _Items:
    title = facts.about.get("title", facts.task.title)
    return [
        ("Title", f"A model of {facts.name} kind for: {title}. Development and internal evaluation.", ""),
        ("Abstract", Blank("a structured abstract", "The first section sums up the figures."), "In short"),
        ("Background", Blank("the clinical setting, earlier models and known inequalities of health"), ""),
        ("Objectives", f"To develop and evaluate a model of the risk within {purpose.months(facts.horizons)}.", purpose.USE),
    ]


def _data(facts: Facts) -> _Items:
    spec = facts.model.get("spec") or {}
    predictors = (
        f"{', '.join(spec.get('biomarkers', []))}; {', '.join(spec.get('static', []))}. Of each biomarker: "
        f"{', '.join(spec.get('statistics', []))}, over {', '.join(spec.get('look_backs', []))}. "
        "Only what was available by the visit is read."
        if spec
        else Blank("the artifact's list of features")
    )
    where = f"Source {facts.source or 'unknown'}."
    people = f"{capital(purpose.population(facts))}, at each visit at which they are still at risk."
    return [
        ("Data", Blank("dates of accrual and of the end of follow-up", where), purpose.COHORT),
        ("Participants", Blank("setting, centres, and how people were found", people), purpose.COHORT),
        (
            "Data preparation",
            "Units converted, rows that cannot be right set aside with a reason; the same rules for everybody.",
            purpose.COHORT,
        ),
        (
            "Outcome",
            Blank(f"how {facts.words.event} was found, by whom, and whether blinded to the predictors", f"{_outcome(facts)}"),
            purpose.USE,
        ),
        ("Predictors", predictors, explained.DRIVERS),
        ("Sample size", Blank("a calculation of the sample size; everybody available was taken", _sizes(facts)), purpose.COHORT),
        ("Missing data", _missing(facts), ""),
    ]


def _missing(facts: Facts) -> str:
    said = "A missing value stays unknown and is never taken as normal; nobody is left out for it, and no outcome fills it. "
    kind = KINDS.get(facts.model.get("kind", facts.name))
    if kind is None:
        return said
    hidden = "hidden_share" in kind.defaults and float(facts.params.get("hidden_share", kind.defaults["hidden_share"])) > 0
    return said + kind.missing + (_HIDDEN if hidden else "") + _with_one_hidden(facts)


def _with_one_hidden(facts: Facts) -> str:
    names = [Metric("oe_ratio", facts.primary, subset=without_subset(name)).name for name in facts.task.features.biomarkers]
    found = [facts.metrics[name] for name in names if name in facts.metrics]
    if not found:
        return ""
    ratio = f"{min(found):.2f} to {max(found):.2f}"
    return f" With one biomarker hidden from everybody held out, observed / expected at {facts.primary} months is {ratio}, whichever it is."


def _outcome(facts: Facts) -> str:
    words = facts.words
    found = f"{words.event[0].upper()}{words.event[1:]} as the source records it, within the horizon"
    return f"{found}; {words.competing} competes; {purpose.treatment(facts)}."


def _sizes(facts: Facts) -> str:
    fitted = facts.about.get("trained_on", {})
    if not fitted:
        return ""
    return f"Fitted on {fitted['patients']:,} people, {fitted['patients_progressing']:,} of them with the event."


def _methods(facts: Facts) -> _Items:
    kind = facts.model.get("kind", facts.name)
    fitted_to = KINDS[kind].fitted_to if kind in KINDS else WEIGHTED
    analysis = (
        f"{kind}, fitted {fitted_to}; then recalibrated, so weighted, on people left out of the fit. "
        "AUC, Brier score, calibration and net benefit, so weighted too, with intervals by patient bootstrap."
    )
    ethics = "No person is in this cohort." if facts.simulated else Blank("approval and consent for the source cohort")
    return [
        ("Analytical methods", analysis, provenance.AGAIN),
        (
            "Class imbalance",
            "No resampling by outcome: weights are for censoring and for how often a person comes; risks stay risks.",
            "",
        ),
        (
            "Fairness",
            Blank("no method to make it fairer was used; ethnicity and income are not in the data", "Subgroups."),
            subgroups.SUBGROUPS,
        ),
        ("Model output", "Probabilities that do not fall with the horizon, with intervals. No threshold is advised.", performance.ACTING),
        ("Training versus evaluation", f"{performance.how_judged(facts).capitalize()}. The same cohort.", performance.PERFORMANCE),
        ("Ethics", ethics, ""),
    ]


def _openness(facts: Facts) -> _Items:
    code = f"Code at commit {facts.tags.get('git_commit', 'unknown')}; data named by hash."
    return [
        ("Open science", Blank("funding, conflicts of interest, protocol, registration, availability of data", code), provenance.AGAIN),
        ("Patient and public involvement", Blank("whether and how patients were involved"), ""),
    ]


def _results(facts: Facts) -> _Items:
    calibration = facts.model.get("calibration") or {}
    slope = f" Recalibration slope {calibration['slope']:.3f}." if "slope" in calibration else ""
    return [
        ("Participants (results)", Blank("characteristics and length of follow-up", _sizes(facts)), purpose.COHORT),
        ("Model development", _sizes(facts) or Blank("people and events of the fit"), purpose.COHORT),
        ("Model specification", f"The whole model is the registered artifact (JSON and trees as data).{slope}", provenance.AGAIN),
        ("Performance", "With intervals, at each horizon, landmark and subgroup.", performance.PERFORMANCE),
        ("Updating", "Fitted anew, not an update of an earlier model; recalibrated as part of the fit.", ""),
    ]


def _discussion(facts: Facts) -> _Items:
    return [
        ("Interpretation", Blank("what the figures mean beside other studies, and for fairness"), performance.SCORES_BESIDE),
        ("Limitations", purpose.SIMULATED if facts.simulated else "Listed with the intended use.", purpose.USE),
        (
            "Usability",
            Blank(
                "tests with its users",
                "Wrong units and impossible values are refused, missing inputs are said, old results show their age.",
            ),
            purpose.USE,
        ),
    ]
