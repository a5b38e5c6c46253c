"""How the model does on other cohorts: what `training validate` left beside the run, one cohort after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from training.card.cells import short, with_interval, withheld
from training.card.document import Blank, Block, Bullets, Cell, Part, Section, Table, Text
from training.card.facts import Facts
from training.metrics.estimate import Estimate
from training.metrics.names import EXPECTED_AUC_OF_VISITS
from training.places import VALIDATION

OTHER_COHORTS = "Other cohorts"
_MEASURES = (("auc", None, 3), ("brier", None, 4), ("ipa", None, 3), ("oe_ratio", None, 2), ("ici", None, 3), ("net_benefit", 0.1, 3))
_HEAD = ("horizon", "people", "with the event", "AUC", "Brier score", "IPA", "observed / expected", "ICI", "net benefit from 10 %")
_CASE_MIX = ("", "then", "now")
_FIGURES = {"missing": "missing", "share": "share", "p10": "10 %", "p50": "median", "p90": "90 %", "sd_log_odds": "SD of the log-odds"}
_FIGURES |= {
    "expected_auc": "AUC that the risks allow, were each right",
    EXPECTED_AUC_OF_VISITS: "the same of all visits, as the AUC above",
}
_SHARES = ("missing", "share")


def other_cohorts(facts: Facts) -> Section:
    """Return the validations of this very model, each with its figures, who was in training too, and its case mix."""
    found = [json.loads(content) for path, content in sorted(facts.files.items()) if path.startswith(f"{VALIDATION}/")]
    if not found:
        how = f"python -m training validate COHORT --task {facts.task.name}, then python -m training report --task {facts.task.name}"
        return Section(OTHER_COHORTS, [Text(Blank(f"not validated on another cohort when this page was written; {how}"))])
    return Section(OTHER_COHORTS, [block for one in found for block in _validation(one)])


def _validation(one: dict[str, Any]) -> Iterator[Block]:
    source = f"{one['source'] or 'a cohort'} ({one['cohort_hash']}), {one['people']} people"
    yield Text(f"On {source}, the model as it is; MLflow run {one['run_id']}.")
    yield Bullets(one["notes"])
    parts = [Part(rows, heading) for heading, rows in _figures(one) if rows]
    yield Table("All visits, 95 % intervals by patient bootstrap", _HEAD, parts)
    changed = [f"{each['label']}: {each['words']}" for each in one["findings"] if each["status"] == "changed"]
    yield Bullets(changed or ["Case mix: nothing differs from training by more than chance."])
    caption = "Case mix: all of training, and the people judged here (inputs at all visits, risks at first ones)"
    yield Table(caption, _CASE_MIX, [Part(list(_mix(one)))])


def _figures(one: dict[str, Any]) -> Iterator[tuple[str, list[list[Cell]]]]:
    """Yield the rows of each model on each set of people; the reason in place of figures that are not shown."""
    pooled = [line for line in one["figures"] if not line["subset"]]
    for people, model in dict.fromkeys((line["people"], line["model"]) for line in pooled):
        own = [line for line in pooled if (line["people"], line["model"]) == (people, model)]
        if any(line["measure"] == "share_computable" and line["estimate"] for line in own):
            horizons = dict.fromkeys(line["horizon"] for line in own)
            rows = [_row(months, {(x["measure"], x["threshold"]): x for x in own if x["horizon"] == months}) for months in horizons]
            yield f"{model}, {people}", rows
        else:
            yield f"{model}, {people}", [["all", Blank("it gives no risk on this cohort"), *[""] * (len(_HEAD) - 2)]]


def _row(months: int, by: dict[tuple[str, float | None], dict[str, Any]]) -> list[Cell]:
    counts = [_count(by.get((what, None))) for what in ("patients", "events")]
    if why := by.get(("auc", None), {}).get("why"):
        return [f"{months} months", *counts, Blank(short(why)), *[""] * (len(_MEASURES) - 1)]
    lines = [(by.get((measure, threshold)), decimals) for measure, threshold, decimals in _MEASURES]
    cells = [with_interval(Estimate(*(line[end] for end in ("estimate", "lo", "hi")) if line else (None,)), n) for line, n in lines]
    return [f"{months} months", *counts, *cells]


def _count(line: dict[str, Any] | None) -> Cell:
    if line is None:
        return Blank("no count")
    return withheld(line["why"]) if line["estimate"] is None else f"{line['estimate']:.0f}"


def _mix(one: dict[str, Any]) -> Iterator[list[Cell]]:
    for line in one["case_mix"]:
        share = line["figure"] in _SHARES or (line["kind"] == "risk" and line["figure"].startswith("p"))
        cells: list[Cell] = [_value(line[when], share) for when in ("then", "now")]
        if line["figure"] == EXPECTED_AUC_OF_VISITS:
            cells[0] = Blank("a model remembers first visits")
        yield [f"{line['label']}, {_FIGURES[line['figure']]}", *cells]


def _value(value: float | None, share: bool) -> Cell:
    if value is None:
        return Blank("kept back, or too few people")
    return f"{value:.1%}" if share else f"{value:.3g}"
