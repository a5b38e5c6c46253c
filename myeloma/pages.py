"""The reference pages of the catalogue, the scores and quality of life, generated from what the code itself uses.

`python -m myeloma.pages docs` writes them; a test finds them out of date.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from myeloma.catalogue import Biomarker, catalogue
from myeloma.change import reference_change_value
from myeloma.criteria import CONDITION, CRITERIA
from myeloma.scores import POINT_SCORES, RISK_MODELS, Pangea, Score
from myeloma.scores.cautions import CAUTIONS, LIMITS_IN_WORDS
from myeloma.scores.evolving import PANGEA_RULES
from myeloma.treated.quality_of_life import Instrument, Scale, instruments

_LIMBS = """A criterion is met where one of its limbs is, and not met only where all are known to fail:

- The clearance is estimated: filtration rate by CKD-EPI 2021 from creatinine, age and sex (Inker et al., N Engl J Med 2021;385:1737).
  The estimate is per 1.73 m2 of body surface. Without age or sex the range that they leave decides, where all of it says the same.
- A rate that a laboratory reported (`egfr`) is such an estimate too. The later of the two counts. Where both are of one day and lie on
  either side of 40, neither counts, and the limb is open. Without creatinine, a reported rate below 40 meets the criterion; one from 40 on
  does not only where it is at least the rate that a creatinine of 2 mg/dL would give: 48.7 in a man of 18, the highest of all, and less in
  whoever is older or a woman. `>60` and `<15` tell on which side they lie; `<60` does not, and says nothing.
- No source holds a laboratory's own limits yet. From 10 g/dL on a woman's hemoglobin is not 2 g/dL below her limit (12 g/dL, Merck Manual
  and Mayo Clinic). A man's is not from 12 g/dL on (14 g/dL, Merck Manual, the higher of the two); from 10 to 12 g/dL his is unknown,
  and so is that of a person of unknown sex. Calcium of 11 mg/dL is not 1 mg/dL above any upper limit read (10.1 to 10.5 mg/dL).
- The limits in mg/dL decide. The publication prints the same two in SI units, rounded up: 2.75 mmol/L is 11.02 mg/dL, 177 umol/L is 2.002.
  A laboratory's 2.75 mmol/L or 177 umol/L is above the limit in mg/dL and not above the printed one: it is called met, the safe side,
  and the note of the criterion says so.
- The criterion is of serum calcium; whether corrected for albumin it does not say. Where total calcium does not meet it and the corrected
  one of that day or later would (reported, or computed from albumin), it is unknown.
- A light chain that is newer than the ratio and has no partner of its day makes no ratio: what the older ratio met stays met, what it did
  not meet is unknown, unless the chain on record is by itself below 100 mg/L. Chains that come a day apart make no ratio: no source says
  how far apart two may be taken.
- A reported ratio and the chains of its day must agree: rounded, or within the imprecision of the assay (5 % of a chain, PMC6807592) and on
  the same side of 100. Else what lies between the two is open, here and for the points of scores, and PANGEA's risks are not computed.
- A kappa / lambda ratio beyond its normal range on the side of the other chain than the one on record may be that of either chain: what
  lies between the ratio and its inverse is open likewise.
- Marrow that meets its criterion by one method stands until a later one of the same method does not: a smear finds a fraction of what a
  biopsy does (Demyanets, Ann Hematol 2020;99:2599), and of several methods the higher counts. Unknown is a method of its own.
- Pictures are not read. A positive `pet_ct` or `plasmacytoma` is said in a warning; an osteolytic lesion that a Condition of FHIR names
  meets the criterion.
"""
_IMMUNOPARESIS = f"""## Immunoparesis

At least one uninvolved immunoglobulin below its lower limit, from IgG, IgA, IgM and the heavy chain; in IgD, IgE and light-chain disease
all three are uninvolved. Where the heavy chain is not known, it is what holds for every one. It is absent only where every uninvolved one
is known not to be low. No source holds the laboratory's limits yet, so published ones stand in, which is said beside the score:
{LIMITS_IN_WORDS} mg/dL, the lower and the higher of Mayo Clinic's and of Roche / Tietz's. Below the lower a value is low,
from the higher on it is not, in between it is unknown.
"""
_QUALITY_OF_LIFE = """# Quality of life

Scales of the EORTC QLQ-C30 and QLQ-MY20, from answers or as scores of 0 to 100. A scale is the mean of its answered items, turned into 0
to 100. It needs at least half of them. High is good where `better` says higher. Items ask about the past week. The summary score
(`qlq_c30_sum`) is made by the library alone (`myeloma.treated.quality_of_life.summary_score`): no cohort, course or answer holds it. It is
the mean of 13 scales with the symptoms turned round, only where all 13 are there; `ql` and `fi` are not among them.

A change is the person's own, against the person's own baseline: that of the line of therapy, so that a second line is compared with what
was before it. `important` is the minimal important difference for the better and for the worse; where a range was found, a change inside
it is possibly important. `responder` is the change that makes a responder. Without a number here, no change of the scale is called
important. Answers outside an item's range are refused. All others are taken for answers to version 3 of the QLQ-C30: no table and no
request can state another, in which items 1 to 5 are yes or no, and 1 and 2 are answers in both. `ingest` notes a cohort in which they are
1 and 2 alone. Of another version give scale scores, made by its own rule; the library refuses it where it is named. The older QLQ-MY24 is
not scored.

## Licence

**No wording of an item, no translation, no questionnaire form and no text of a scoring manual is shipped here, and none may be added.**
The QLQ-C30 and its modules are copyrighted by the EORTC. Their use needs its permission for each study: free for academic users, for a
fee for commercial ones; an electronic form needs a licence of its own. This program computes scales from numbers that a licensed user
already holds. The EORTC's pages neither allow nor forbid that; open packages do it. This is no legal advice: have a lawyer look before
commercial use. The FACT-MM is free in English after registration (facit.org).

## FACT-MM

By the library alone (`myeloma.treated.quality_of_life.fact_mm_subscale`): it is no biomarker, and no table or request has it. The myeloma
subscale, 0 to 56, high is good, from items already turned by the licensed guideline: a prorated sum where more than half of the 14 items
are answered. The total is not computed, as its rule for missing items is not confirmed. A fall of the total by 13.5
or 16.4 is an exploratory threshold of 80 people (PCN324); no validated definition is known.
"""
_GENERATED = "<!-- Generated by `make docs`; edit the code, not this page. -->\n"


def catalogue_page() -> str:
    """Return the page of the biomarkers, as Markdown."""
    rows = [_biomarker_row(catalogue()[key]) for key in catalogue()]
    head = (
        "| key | name | unit | also accepted (canonical x factor) | hard range | in health | harm | CV, reference change | every | LOINC |"
    )
    notes = [f"- `{key}`: {'; '.join(catalogue()[key].sources)}." for key in catalogue() if catalogue()[key].sources]
    return "\n".join(
        [
            _GENERATED,
            f"# Biomarkers (catalogue version {catalogue().version})\n",
            "A value outside the hard range is refused, a unit that is not listed too. The reference change value, exp(±1.96 x sqrt 2 x",
            "sqrt(ln(CV² + 1))) - 1, is the smallest rise and fall that exceed the noise of a stable person; without a sourced variation",
            "there is none. The noise of healthy people is a lower bound of that of patients. `in health` stands only where a source is",
            "confirmed: take the laboratory's own limits.\n",
            head,
            "|" + "---|" * 10,
            *rows,
            "\n## Other spellings of units\n",
            "For every biomarker that accepts the unit; letter case and blanks do not matter.\n",
            *(f"- {unit}: {', '.join(written)}" for unit, written in catalogue().spellings.items()),
            "\n## Words, methods, specimens, other names\n",
            "A finding is one of its words, or the number that the word stands for. Where a limit is needed, a number is a finding, and",
            "that nothing was found is written with the limit down to which one could see (`<1e-5`). Values of two methods are not set",
            "against each other. Features are made of the specimen that stands first. What is measured in several specimens that are not",
            "told apart says so; a result that is said to be of any other specimen is refused.\n",
            *(f"- `{b.key}`: {said}." for b in catalogue().biomarkers.values() if (said := _said_of_results(b))),
            "\nWords for specimens (letter case, dots and dashes do not matter), and codes of FHIR's Specimen.type:\n",
            *(
                f"- {name}: {', '.join((name, *one.words))}. Codes {', '.join(one.codes)}."
                for name, one in catalogue().known_specimens.items()
            ),
            "\nScales of the EORTC questionnaires are called by their abbreviations and plain names. The wording of the items,",
            "translations and forms are copyrighted, and none is shipped. Who uses the questionnaires needs a licence of the EORTC.",
            "\n## LOINC codes that are never accepted\n",
            "They are mistaken for the biomarker in tables of codes. A mapping that says so is refused.\n",
            *(f"- `{b.key}`: {_refused_codes(b)}." for b in catalogue().biomarkers.values() if b.loinc_refused),
            "\n## Sources\n",
            *notes,
            "",
        ]
    )


def scores_page() -> str:
    """Return the page of the published scores and the criteria, as Markdown."""
    parts = [
        _GENERATED,
        "# Published scores\n",
        "Each factor's cut-off is strict (`>`) or not (`>=`) as published. With a missing input a score gives every category that is",
        "still possible; it is never taken to be low. The latest value counts, however old. What no source of ours holds",
        "(the laboratory's LDH limit, flow cytometry) is unknown, so scores that need it stay open.\n",
    ]
    parts += [_score_section(score) for score in POINT_SCORES.values()]
    parts += [_pangea_section(model) for model in RISK_MODELS.values()]
    parts += [_evolving_section(), _IMMUNOPARESIS, _cautions_section()]
    parts.append("## Myeloma-defining criteria (SLiM-CRAB)\n\nRajkumar, Lancet Oncol 2014;15:e538. Three-valued: met, not met, unknown.\n")
    parts += [f"- {criterion.label}" for criterion in CRITERIA]
    parts += [f"\n{CONDITION}\n", _LIMBS]
    return "\n".join(parts)


def quality_of_life_page() -> str:
    """Return the page of the scales of quality of life, as Markdown."""
    return "\n".join([_GENERATED, _QUALITY_OF_LIFE, *(_instrument_section(one) for one in instruments().values())])


def write_pages(folder: Path) -> None:
    """Write the pages into a folder."""
    (folder / "quality_of_life.md").write_text(quality_of_life_page(), encoding="utf-8")
    (folder / "biomarkers.md").write_text(catalogue_page(), encoding="utf-8")
    (folder / "scores.md").write_text(scores_page(), encoding="utf-8")


def _biomarker_row(b: Biomarker) -> str:
    low, high = ("" if math.isinf(v) else f"{v:g}" for v in (b.lower, b.upper))
    change = reference_change_value(b.key)
    cells = [
        f"`{b.key}`{' (derived)' if b.derived else ''}",
        b.name,
        b.unit,
        ", ".join(f"{unit} x{factor:g}" for unit, factor in b.units.items()) or "-",
        f"{low} to {high}" if low or high else "-",
        f"{b.expected[0]:g} to {b.expected[1]:g}" if b.expected else "-",
        b.harm or "-",
        f"{b.cv:.1%} ({b.cv_kind}), +{change.rise:.0%} / -{change.fall:.0%}" if b.cv is not None and change is not None else "-",
        f"{b.usual_interval_days} days" if b.usual_interval_days else "-",
        ", ".join(b.loinc) or "-",
    ]
    return "| " + " | ".join(cells) + " |"


def _said_of_results(b: Biomarker) -> str:
    parts = {
        "words": [f"{word} ({number:g})" for word, number in b.words.items()],
        "limit": ["needed where nothing was found"] if b.limit_needed else [],
        "methods": b.methods,
        "specimens": b.specimens,
        "measured in": b.measured_in,
        "also called": [f"`{alias}`" for alias in b.aliases],
    }
    return "; ".join(f"{name} {', '.join(said)}" for name, said in parts.items() if said)


def _refused_codes(b: Biomarker) -> str:
    meanings = dict.fromkeys(b.loinc_refused.values())
    return "; ".join(f"{', '.join(code for code, is_ in b.loinc_refused.items() if is_ == meaning)} ({meaning})" for meaning in meanings)


def _score_section(score: Score) -> str:
    lines = [f"## {score.name} (`{score.key}`)\n", f"For {score.population}. {score.citation}. Version {score.version}.\n"]
    lines += [f"- {factor.label} (`{factor.input}`)" for factor in score.factors]
    if score.risks:
        horizons = list(score.risks)
        lines += ["", "| category | " + " | ".join(f"{score.outcome}, {months} months" for months in horizons) + " |"]
        lines.append("|---|" + "---|" * len(horizons))
        for k, name in enumerate(score.categories):
            lines.append(f"| {name} | " + " | ".join(_percent(score.risks[months][k]) for months in horizons) + " |")
    else:
        lines += ["", f"Categories: {', '.join(score.categories)}."]
    return "\n".join([*lines, *(["", *score.notes] if score.notes else []), ""])


def _pangea_section(model: Pangea) -> str:
    lines = [f"## {model.name} (`{model.key}`)\n", f"{model.citation}. risk(t) = 1 - S0(t) ^ exp(sum of coefficient x (value - mean)).\n"]
    lines += ["| term | coefficient | mean |", "|---|---|---|"]
    lines += [f"| {'ln ' if n in model.log else ''}{n} | {c:.6f} | {model.means.get(n, 0):.6f} |" for n, c in model.coefficients.items()]
    lines += ["", "| months | " + " | ".join(f"{m:g}" for m in model.months) + " |", "|---|" + "---|" * len(model.months)]
    lines += ["| S0 | " + " | ".join(f"{s:.6f}" for s in model.baseline) + " |", ""]
    return "\n".join(lines)


def _instrument_section(one: Instrument) -> str:
    head = ["| scale | name | items | answers | better | important, better / worse | responder |", "|" + "---|" * 7]
    rows = [_scale_row(one, scale) for scale in one.scales.values()]
    version = f", version {one.version}" if one.version else ""
    return "\n".join([f"## {one.name}{version} (`{one.key}`)\n", *head, *rows, "", *(f"- {source}." for source in one.sources), ""])


def _scale_row(one: Instrument, scale: Scale) -> str:
    items = ", ".join(map(str, scale.items))
    important = " / ".join(f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in scale.important or ()) or "-"
    responder = " / ".join(f"{points:g}" for points in scale.responder or ()) or "-"
    cells = [f"`{one.key}_{scale.key}`", scale.name, items, f"1 to {scale.highest_answer}", scale.better, important, responder]
    return "| " + " | ".join(cells) + " |"


def _evolving_section() -> str:
    lines = [
        "## Evolving biomarkers of PANGEA-SMM\n",
        "The current value against any earlier one inside the window, its far end included.\n",
    ]
    for name, rule in PANGEA_RULES.items():
        limit = f"{rule.limit:.0%}" if rule.relative else f"{rule.limit:g} {catalogue()[rule.biomarker].unit}"
        lines.append(f"- `{name}`: {rule.biomarker} {rule.direction} >= {limit} within {12 * rule.window_years:g} months")
    return "\n".join([*lines, ""])


def _cautions_section() -> str:
    lines = ["## Cautions\n", "They stand beside a score in an answer, and by their key in a batch. The score stays as published.\n"]
    return "\n".join([*lines, *(f"- `{key}`: {text}" for key, text in CAUTIONS.items()), ""])


def _percent(risk: float | None) -> str:
    return "-" if risk is None else f"{100 * risk:g} %"


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
