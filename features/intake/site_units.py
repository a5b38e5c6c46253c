"""Sites whose results look written in another unit than they say: said, never corrected.

Where M-protein in g/L is called g/dL, high values are refused as out of range, and low ones are kept, ten times too high. So for
each site, biomarker and unit the results outside the catalogue's limits are counted, as written and as they would be in each
other unit of the biomarker. Where the catalogue gives no limit, or both units leave a value within it, nothing can be told so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.cohort.sites import UNKNOWN_SITE
from features.intake.quarantine import Inspection
from features.sources.cells import cells_of, numbers_of
from myeloma import canonical_divisor, catalogue
from myeloma.units import accepted_units

LEAST_REFUSED = 5  # results: fewer are slips
LEAST_SHARE = 0.1  # of the results lie outside as written; fewer do in a unit that explains them
_ALL = ""
Outside = Counter[tuple[str, str, str, str]]  # (site, biomarker, unit written, unit tried) -> results outside; tried "": all


def outside_by_unit(table: Inspection, kept: pd.DataFrame, sites: dict[str, str]) -> Outside:
    """Return how many measurements, kept or refused for their range, there are by site, and lie outside the limits in each unit."""
    beyond = [number for number, (reason, _, _) in enumerate(table.problems) if reason == "out_of_range"]
    refused = table.received[np.isin(table.problem, beyond)]
    read = refused.assign(
        biomarker=cells_of(refused["biomarker"]).mapped(catalogue().key_of).rows(), received=numbers_of(refused["value"]).value
    )
    taken = kept[["patient_id", "biomarker"]].assign(unit=kept["original_unit"], received=kept["value"] * kept["unit_divisor"])
    return _counts(read, sites) + _counts(taken, sites)


def _counts(rows: pd.DataFrame, sites: dict[str, str]) -> Outside:
    counts: Outside = Counter()
    site = cells_of(rows["patient_id"]).mapped(lambda person: sites.get(person, UNKNOWN_SITE))
    biomarker, unit, received = cells_of(rows["biomarker"]), cells_of(rows["unit"]), rows["received"].to_numpy()
    pair = biomarker.codes.astype(np.int64) * len(unit.texts) + unit.codes
    for code in np.unique(pair):
        name, written = biomarker.texts[code // len(unit.texts)], unit.texts[code % len(unit.texts)]
        inside = np.flatnonzero(pair == code)
        units, entry = _units(name), catalogue()[name]
        own = units[canonical_divisor(name, written)]
        outside = {tried: (received[inside] < entry.lower * k) | (received[inside] > entry.upper * k) for k, tried in units.items()}
        for tried, chosen in {_ALL: np.ones(len(inside), dtype=bool), **outside}.items():
            found = np.bincount(site.codes[inside[chosen]], minlength=len(site.texts))
            counts.update({(site.texts[k], name, own, tried): int(found[k]) for k in np.flatnonzero(found)})
    return counts


def _units(biomarker: str) -> dict[float, str]:
    """Return the biomarker's units by the divisor to the canonical one; of several with one divisor, the first."""
    return {canonical_divisor(biomarker, unit): unit for unit in reversed(accepted_units(catalogue()[biomarker]))}


def describe_units(counts: Outside, called: Mapping[str, str]) -> list[str]:
    """Return, in words, the sites with a biomarker of which many results are refused for their range, and a unit that explains it.

    Parameters
    ----------
    called : mapping
        How each site is called.
    """
    lines = []
    for (site, name, own, tried), results in sorted(counts.items()):
        if tried != _ALL:
            continue
        refused = counts[site, name, own, own]
        others = {unit: counts[site, name, own, unit] for unit in _units(name).values() if unit != own}
        fewest = min(others.values(), default=results)
        if refused < max(LEAST_REFUSED, LEAST_SHARE * results) or fewest >= LEAST_SHARE * results:
            continue
        entry, factor = catalogue()[name], {unit: k for k, unit in _units(name).items()}
        off = {unit: abs(math.log10(factor[unit] / factor[own])) for unit in others if others[unit] == fewest}
        # Of those that explain it not the ones ten times farther than the nearest: a high M-protein is one in g/L, not in mg/dL.
        likely = " or ".join(unit for unit in accepted_units(entry) if unit in off and off[unit] < min(off.values()) + 1)
        kept = (
            ", and of the others, kept as they are, all would be wrong by the same factor, or some where the site writes both units"
            if refused < results
            else ""
        )
        lines.append(
            f"suspected_site_unit: {refused} of {results} results of {name} in {own} ({refused / results:.0%}) at site {called[site]} lie "
            f"outside {entry.lower:g} to {entry.upper:g} {entry.unit} and are refused; were they in {likely}, {results - fewest} would lie "
            f"inside{kept}. Ask the site, correct the unit in the source and ingest again; nothing is changed by itself."
        )
    return lines
