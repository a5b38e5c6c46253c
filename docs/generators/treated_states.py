"""docs/treated_states.md: definitions of cure, MRD states, eligibility and benefit of early treatment, from what the code itself uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.generators import GENERATED
from myeloma.early_treatment import benefit, eligibility
from myeloma.treated import mrd, mrd_results
from myeloma.treated.presets import Preset, presets, stale_after_days
from myeloma.treated.response.codes import CATEGORIES
from myeloma.treated.response.criteria import DEFAULT_VERSION, citation, criteria
from myeloma.treated.spectrum import AXES


def page(root: Path) -> str:
    """Return the page, as Markdown."""
    parts = [*_response(), *_mrd(), *_spectrum(), *_eligibility(), *_benefit()]
    return "\n".join([GENERATED, "# States of treated disease, and early treatment\n", *parts])


def _response() -> Iterator[str]:
    rules = criteria()
    yield "## Response\n"
    yield f"Version `{DEFAULT_VERSION}`: {citation()}. All numbers: `myeloma/treated/response/criteria.yaml`, with their sources.\n"
    yield f"- CR asks for negative immunofixation of serum and urine, no plasmacytoma, and marrow < {rules.marrow_cr_below:g} %."
    yield "- Where immunofixation and the amount contradict each other, the amount counts, and a remark says so."
    yield f"- A serum M-protein of at least {rules.serum_quantified:g} g/dL, the limit of electrophoresis, is therefore no CR, whatever"
    yield "  immunofixation says, unless it may be an antibody's. A smaller number is noise; one reported as below a limit is none.\n"


def _mrd() -> Iterator[str]:
    yield "## Measurable residual disease\n"
    yield f"Version `{mrd.VERSION}`: Kumar, Lancet Oncol 2016;17:e328-46. A state of a day rests on what was known by then.\n"
    yield f"- States: {', '.join(mrd.STATUSES)}."
    yield f"- A negative is informative at a limit of at most {mrd.INFORMATIVE_AT:g}, a share of nucleated cells."
    yield f"- Whatever is found is positive, also below {mrd.INFORMATIVE_AT:g}: 2e-06 is not negative at {mrd.INFORMATIVE_AT:g}. This is"
    yield "  the strict reading: negative means that no clonal cell was found. Some trials count such a test as negative at 1e-05."
    yield f"- Sustained: two negatives at least {mrd.APART_DAYS} days apart, none positive between, at each of {_numbers(mrd.THRESHOLDS)}."
    yield "- The IMWG's term needs imaging too; without it the words are `sustained in marrow; imaging missing`."
    yield f"- Evidence older than {mrd.STALE_AFTER_DAYS} days says `was` (a parameter, ours)."
    detection, quantification = mrd_results.EVENTS_FOR_DETECTION, mrd_results.EVENTS_FOR_QUANTIFICATION
    yield f"- Limits from cells acquired by flow: {detection} events for detection; {quantification} for quantification, unconfirmed.\n"


def _spectrum() -> Iterator[str]:
    yield "## Cure as a spectrum\n"
    yield "Nobody is called cured: a person meets the criteria of a definition. What is missing is never taken for good. Each axis has a"
    yield "least and a most possible state, since when, the day of its evidence, and what is missing.\n"
    yield "| axis | states, from least to most |\n|---|---|"
    for name, states in AXES.items():
        yield f"| {name} | {'; '.join(states)} |"
    ages = ", ".join(f"{name.replace('_', ' ')} {days:g}" for name, days in stale_after_days().items())
    yield f"\nHow old evidence may be, in days, before it says `was` (ours): {ages}.\n"
    for preset in presets().values():
        yield from _preset(preset)


def _preset(preset: Preset) -> Iterator[str]:
    yield f"### Criteria: {preset.name} (`{preset.key}`)\n"
    yield f"Source: {preset.citation}. {preset.notes}\n"
    yield "| level | needs, beside the levels before it |\n|---|---|"
    for level in preset.levels:
        needs = (f"`{fact}` {_least(fact, least)}" for fact, least in level.at_least.items())
        yield f"| {level.name} | {', '.join(needs)} |"
    yield ""


def _least(fact: str, least: float) -> str:
    return f"{CATEGORIES[int(least)]} or better" if fact == "response" else f"at least {least:g}"


def _eligibility() -> Iterator[str]:
    yield f"## Eligibility of AQUILA (`{eligibility.VERSION}`)\n"
    yield f"Each criterion is met, not met or unknown. {eligibility.NOT_CHECKED}\n"
    yield from (f"- {label}" for label in eligibility.CRITERIA.values())
    yield "\nRisk factors:\n"
    yield from (f"- {label}" for label in eligibility.RISK_FACTORS.values())
    yield ""


def _benefit() -> Iterator[str]:
    yield "## Benefit of early treatment\n"
    longest, treated = f"{benefit.LONGEST_MONTHS:g}", f"{benefit.TREATED_MONTHS:g}"
    yield f"{benefit.CITATION}. The trial's end point is progression or death. A benefit is computed only for a risk of a model"
    yield f"fitted to real people, or of a published score, at most at {longest} months. An effect that ends with treatment, after"
    yield f"{treated} months, is the other end. Where the interval of the risk reduction has 0 in it, there is no number needed to treat.\n"
    yield "| effect | hazard ratio |\n|---|---|"
    for effect in (benefit.MAIN, *benefit.SENSITIVITIES):
        yield f"| {effect.label} | {effect.hazard_ratio:g} ({effect.lower:g}-{effect.upper:g}) |"
    yield "\n| harm | daratumumab | observation | number needed to harm |\n|---|---|---|---|"
    for harm in benefit.HARMS:
        yield f"| {harm.label} | {harm.treated:.1%} | {harm.untreated:.1%} | {harm.number_needed_to_harm:.1f} |"
    yield ""


def _numbers(values: tuple[float, ...]) -> str:
    return " and ".join(f"{value:g}" for value in values)
