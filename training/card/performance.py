"""All figures on people the model has not seen, with their intervals; what was refused is said in its place."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from myeloma.scores import SCORES
from training.card.cells import count, figure, people, refusals, with_interval
from training.card.document import Blank, Block, Cell, Part, Picture, Section, Table, Text, table
from training.card.facts import Facts
from training.metrics.estimate import MAIN, Estimate
from training.metrics.names import BOOTSTRAP_DRAWS, PER_PERSON, Metric, landmark_subset
from training.metrics.order import choice_in_words
from training.places import DIFFERENCES, EVERYBODY, FITTED_TO, GATE, plot

PERFORMANCE, LANDMARKS, ACTING, SCORES_BESIDE = (
    "Performance",
    "Fixed landmarks",
    "Acting on the risk",
    "Beside the published scores",
)
_MEASURES = (
    ("auc", "AUC (cumulative / dynamic, competing event allowed for)", 3),
    ("c_index", "concordance", 3),
    ("brier", "Brier score", 4),
    ("ipa", "scaled Brier score (1 - Brier / Brier of everybody's average)", 3),
    ("observed", "observed incidence (Aalen-Johansen)", 3),
    ("mean_risk", "mean predicted risk", 3),
    ("oe_ratio", "observed / expected", 2),
    ("calibration_intercept", "calibration intercept (slope held at 1)", 2),
    ("calibration_slope", "calibration slope", 2),
    ("ici", "integrated calibration index (mean distance from the smoothed curve)", 3),
)
_POOLED = "Pooled over visits, the AUC is {} than at {} of the {} fixed landmarks below: {}."
_EASY = "of a person's visits those close to the event are easy, so that it is higher than what a person meets at one visit"
_NOT_EASY = "here it is not higher than what a person meets at one visit"
_COUNTS = (("patients", "people"), ("rows", "visits"), ("events", "people with the event"), ("effective_rows", "effective visits (Kish)"))
_CUT_OFFS = ("sensitivity", "specificity", "ppv", "npv", "net_benefit")
_PICTURES = {
    PERFORMANCE: (
        ("calibration", "Calibration: observed against predicted risk in groups, with intervals, and the smoothed curve."),
        ("roc", "Receiver operating characteristic at each horizon."),
        ("brier_over_horizons", "Brier score at each horizon, beside the other candidates, on the visits where all have a risk."),
    ),
    LANDMARKS: (("auc_over_landmarks", "AUC at each fixed landmark, with intervals, on the people of whom all have a risk."),),
    ACTING: (("decision_curve", "Decision curve: net benefit over the risk from which one would act, beside the published scores."),),
}


def how_judged(facts: Facts) -> str:
    """Return, in words, how the people who judge were kept apart from those who were fitted on."""
    kind = facts.params.get("evaluation.kind", facts.plan.evaluation.kind)
    if kind == "cross_validation":
        folds = facts.params.get("evaluation.folds", "several")
        return f"{folds}-fold cross-validation by patient; the registered model is fitted to everybody, the folds' models are judged"
    if facts.tags.get(FITTED_TO) == EVERYBODY:
        return "patients held out of the fit that is judged; the registered model is fitted in the same way to everybody"
    return "patients held out of the fit; the registered model is the one judged"


def performance(facts: Facts) -> Section:
    """Return the table of figures at every horizon, all visits pooled, and the plots."""
    why = refusals(facts)
    rows: list[list[Cell]] = [[words, *(count(facts, Metric(key, h)) for h in facts.horizons)] for key, words in _COUNTS]
    rows += [
        [words, *(figure(facts, Metric(key, h), decimals, why.get(("", h), "")) for h in facts.horizons)]
        for key, words, decimals in _MEASURES
    ]
    once = [
        [words, *(figure(facts, Metric(key, h, subset=PER_PERSON), decimals, why.get((PER_PERSON, h), "")) for h in facts.horizons)]
        for key, words, decimals in _MEASURES
        if key in {main for main, _, _ in MAIN}
    ]
    parts = [Part(rows, "All visits, each counting once"), Part(once, "The same visits, each person counting once a year")]
    drawn = facts.metrics.get(BOOTSTRAP_DRAWS)
    draws = facts.params.get("evaluation.bootstrap", "unknown") if drawn is None else f"{drawn:.0f}"
    blocks: list[Block] = [
        Text(f"How: {how_judged(facts)}. In brackets 95 % percentile intervals of a bootstrap by patient ({draws} draws)."),
        Text("The calibration index has a bound, from 0 on: noise adds to a distance, so that its draws lie above it."),
        *_agreement(facts),
        *_choice(facts),
        *_pooled(facts),
        Table("Figures on people the model has not seen", ("measure", *(f"{h} months" for h in facts.horizons)), parts),
        *_pictures(facts, PERFORMANCE),
    ]
    return Section(PERFORMANCE, blocks)


def _choice(facts: Facts) -> Iterator[Text]:
    """Yield how the version came to be live: by a person, or else how much the choice among the candidates flatters these figures."""
    if facts.by_a_person:
        by, why = facts.decided, facts.decided.get("reason") or "no reason was given"
        why += f"; it was live before ({before})" if (before := facts.decided.get("before")) else ""
        gate = f"; the gate said {by['verdict']}" if by.get("verdict") else ""
        how = f"{by.get('action', '?')}{gate}"
        yield Text(f"A person made this version live at {by.get('at', '?')} ({how}): {why}.")
    elif said := choice_in_words(facts.name, facts.metrics, facts.primary):
        inside = "Penalties and the weights of an ensemble are chosen within each fit, on its own people."
        yield Text(f"`register` chooses among candidates by these figures: {said} (bootstrap of the choice). {inside}")


def _agreement(facts: Facts) -> Iterator[Text]:
    """Yield how the registered model's risks of these people go with those judged, where register measured it."""
    measured = facts.json(GATE).get("facts", {})
    rank, mean = measured.get("rank_as_judged"), measured.get("mean_as_judged")
    if rank is not None and mean is not None and facts.tags.get(FITTED_TO) == EVERYBODY:
        yield Text(
            "The figures are of models that had not seen the person; the registered model has seen everybody. Person by person its "
            f"risks have a rank correlation of {rank:.2f} with those judged, and their mean is {mean:.2f} times as high."
        )


def _pooled(facts: Facts) -> Iterator[Text]:
    """Yield how the AUC over all visits goes with those at fixed landmarks, where each person counts once; nothing without both."""
    pooled = facts.metrics.get(Metric("auc", facts.primary).name)
    each = [facts.metrics.get(Metric("auc", facts.primary, subset=landmark_subset(years)).name) for years in facts.landmarks]
    known = [value for value in each if value is not None]
    if pooled is None or not known or not _visits_a_person(facts):
        return
    lower = sum(value < pooled for value in known)
    easy = 2 * lower > len(known)
    count, which, why = (lower, "higher", _EASY) if easy else (len(known) - lower, "no higher", _NOT_EASY)
    yield Text(_POOLED.format(which, count, len(known), why))


def _visits_a_person(facts: Facts) -> bool:
    rows, patients = (facts.metrics.get(Metric(what, facts.primary).name, 0.0) for what in ("rows", "patients"))
    return rows > patients


def landmarks(facts: Facts) -> Section:
    """Return the figures at fixed times after the diagnosis, where each person counts once."""
    why, parts = refusals(facts), []
    for years in facts.landmarks:
        at = landmark_subset(years)
        rows = [
            [
                f"{months} months",
                count(facts, Metric("patients", months, subset=at)),
                count(facts, Metric("events", months, subset=at)),
                *(figure(facts, Metric(key, months, subset=at), decimals, why.get((at, months), "")) for key, _, decimals in MAIN),
            ]
            for months in facts.horizons
        ]
        parts.append(Part([_merged(row) for row in rows], f"{years:g} year{'' if years == 1 else 's'} after {facts.task.rules.origin}"))
    head = ("horizon", "people", "with the event", *(words for _, words, _ in MAIN))
    shown: Block = Table("Everybody at risk and observed at that time, once each", head, parts) if parts else Text(Blank("fixed landmarks"))
    return Section(LANDMARKS, [shown, *_pictures(facts, LANDMARKS)])


def acting(facts: Facts) -> Section:
    """Return what follows from acting above a risk: sensitivity and the like, and net benefit."""
    found = [m for m in facts.known if (m.measure, m.horizon, m.subset, m.minus) == ("sensitivity", facts.primary, "", "")]
    cut_offs = sorted(metric.threshold for metric in found if metric.threshold is not None)
    rows = [[f"{cut:.0%}", *(figure(facts, Metric(key, facts.primary, cut), 3) for key in _CUT_OFFS)] for cut in cut_offs]
    head = ("acting from", "sensitivity", "specificity", "positive predictive value", "negative predictive value", "net benefit")
    shown: Block = (
        table(f"At {facts.primary} months, all visits", head, rows) if rows else Text(Blank(f"figures at {facts.primary} months"))
    )
    return Section(ACTING, [Text("These risks are examples; none is advised as a threshold."), shown, *_pictures(facts, ACTING)])


def beside_scores(facts: Facts) -> Section:
    """Return model minus published score on the rows where both speak, at the primary horizon."""
    columns = ("reference", "horizon", "measure", "threshold", "difference", "lo", "hi", "patients", "events")
    found = facts.frame(DIFFERENCES, columns)
    found = found[(found["horizon"] == facts.primary) & found["reference"].isin(list(SCORES))]
    rows: list[list[Cell]] = []
    for score in facts.plan.scores:
        here = found[found["reference"] == score]
        rows.append([score, *_differences(here)] if len(here) else [score, Blank("not computable on enough of these people"), *[""] * 4])
    head = ("score", "people", "with the event", "AUC", "Brier score", "net benefit from 10 %")
    if not rows or found.empty:
        return Section(SCORES_BESIDE, [Text(Blank("no published score was compared with this model at the primary horizon"))])
    caption = f"Model minus score at {facts.primary} months, same rows, same people drawn (Brier: below 0 is better)"
    return Section(SCORES_BESIDE, [table(caption, head, rows)])


def _differences(here: pd.DataFrame) -> Iterator[Cell]:
    yield people(float(here["patients"].iloc[0]))
    yield people(float(here["events"].iloc[0]))
    for measure, threshold, decimals in (("auc", None, 3), ("brier", None, 4), ("net_benefit", 0.1, 4)):
        lines = here[(here["measure"] == measure) & (here["threshold"].isna() if threshold is None else here["threshold"].eq(threshold))]
        yield from (
            [with_interval(Estimate(*map(float, lines.iloc[0][["difference", "lo", "hi"]])), decimals)]
            if len(lines)
            else [Blank("not compared")]
        )


def _merged(row: list[Cell]) -> list[Cell]:
    """Return a row in which the same reason stands once."""
    reasons = [k for k, cell in enumerate(row) if isinstance(cell, Blank)]
    return ["" if isinstance(cell, Blank) and k != reasons[0] and row[reasons[0]] == cell else cell for k, cell in enumerate(row)]


def _pictures(facts: Facts, section: str) -> Iterator[Block]:
    for name, alt in _PICTURES[section]:
        path = plot(name)
        yield Picture(path, alt, facts.files[path]) if path in facts.files else Text(Blank(f"the plot {path} is not among the files", alt))
