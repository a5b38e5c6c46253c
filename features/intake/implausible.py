"""What cannot be right of a site's results as a whole, against what is known of the disease: said, with what to do, never corrected.

Each value alone may be right: a marrow of 0.3 %, an M-protein of 0, a last contact before the last result. That most of a site's are
is a way of writing. The limits here are judgement, far from any cohort that was published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.episodes import episodes_in
from features.cohort.lines import STOP
from features.cohort.sites import UNKNOWN_SITE
from features.sources.cells import cells_of

Seen = Counter[tuple[str, str, str]]  # (what, site, biomarker) -> results, or people
RESULTS, FRACTIONS, ZEROS, LOW, LATER = "results", "fractions", "zeros", "low", "after last contact"
LEAST = 5  # results: fewer are slips
MOST_FRACTION = 1.0  # percent: plasma cells of a whole site are not below it; a marrow in remission is reported as 1 %
LOW_M_PROTEIN = 0.3  # g/dL: of a whole site's results more lie above it
CODES = (999.0, 9999.0)  # what stands for missing where nothing is
_SHARE = {FRACTIONS: 0.9, ZEROS: 0.02, LOW: 0.9}
_CODE_SHARE = 0.02
# How each is called in a warning.
_FRACTION, _ZERO, _UNIT, _CONTACT = "suspected_fraction", "suspected_zeros", "suspected_site_unit", "contact_before_results"
_MISSING, _UNFOLLOWED, _OVERLAPPING = "suspected_missing_code", "no_last_contact", "overlapping_lines"


def seen_in(kept: pd.DataFrame, sites: Mapping[str, str], last_contact: pd.Series) -> Seen:
    """Return what is seen in the results kept of some patients, by site.

    Parameters
    ----------
    last_contact : Series
        The day of the last contact, by patient.
    """
    seen: Seen = Counter()
    patient = cells_of(kept["patient_id"])
    site = patient.mapped(lambda person: sites.get(person, UNKNOWN_SITE))
    biomarker, value = cells_of(kept["biomarker"]), kept["value"].to_numpy()
    received = value * kept["unit_divisor"].to_numpy()

    def count(what: str, rows: NDArray[np.bool_]) -> None:
        pair = site.codes[rows].astype(np.int64) * len(biomarker.texts) + biomarker.codes[rows]
        for code, results in enumerate(np.bincount(pair)):
            if results:
                seen[what, site.texts[code // len(biomarker.texts)], biomarker.texts[code % len(biomarker.texts)]] += int(results)

    def of(name: str) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = biomarker.of(biomarker.texts == name)
        return found

    count(RESULTS, np.ones(len(kept), dtype=bool))
    count(FRACTIONS, of("bmpc") & (value < MOST_FRACTION))
    count(LOW, of("m_protein") & (value < LOW_M_PROTEIN) & (value > 0))
    count(ZEROS, of("m_protein") & zeros_between(patient.codes, of("m_protein"), value))
    for code in CODES:
        count(f"{code:g}", received == code)
    later = kept["collected_at"].to_numpy() > patient.of(last_contact.reindex(patient.texts).to_numpy())
    for name, people in Counter(sites.get(person, UNKNOWN_SITE) for person in patient.texts[np.unique(patient.codes[later])]).items():
        seen[LATER, name, ""] += people
    return seen


def zeros_between(person: NDArray[np.intp], chosen: NDArray[np.bool_], value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values are 0 though all but few of the person's others are not."""
    people = int(person.max(initial=-1)) + 1
    zeros = np.bincount(person[chosen & (value == 0)], minlength=people)
    others = np.bincount(person[chosen & (value > 0)], minlength=people)
    among: NDArray[np.bool_] = chosen & (value == 0) & (others > zeros)[person] & (others >= 2)[person]
    return among


def describe_seen(seen: Seen, called: Mapping[str, str]) -> list[str]:
    """Return, in words, what cannot be right of a site as a whole; `called` says how each site is called."""
    lines = []
    for (what, site, name), results in sorted(seen.items()):
        every, where = seen[RESULTS, site, name], called[site]
        share = _SHARE.get(what, _CODE_SHARE)
        if what == RESULTS or results < LEAST or (what != LATER and results < share * every):
            continue
        of_all = f"{results} of {every} results of {name} at site {where}"
        if what == FRACTIONS:
            lines.append(f"{_FRACTION}: {of_all} are below 1 %; are they fractions? Multiply them by 100 at the source.")
        elif what == LOW:
            unit = "are they in g/dL, under a label of g/L? Ask the site, and correct the unit at the source."
            lines.append(f"{_UNIT}: {of_all} lie below {LOW_M_PROTEIN:g} g/dL; {unit}")
        elif what == ZEROS:
            lines.append(f"{_ZERO}: {of_all} are 0 between others that are not; does 0 stand for missing? Leave those cells empty.")
        elif what == LATER:
            late = f"{results} people at site {where} have results after their last contact"
            lines.append(f"{_CONTACT}: {late}; is the last contact that of another list? It ends the time they are followed.")
        else:
            listed = "a mapping may list it under `missing`."
            lines.append(f"{_MISSING}: {of_all} are exactly {what}; does it stand for missing? Then {listed}")
    return lines


def overlapping(patients: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Say how many lines of therapy begin before the one before them was stopped."""
    if not (events["kind"] == STOP).any():
        return []
    lines = episodes_in(patients, events).sort_values(["patient_id", "start", "line"])
    earlier = lines.shift()
    over = lines[(lines["patient_id"] == earlier["patient_id"]) & (earlier["stop"] > lines["start"])]
    if over.empty:
        return []
    what = f"{len(over)} lines of therapy of {over['patient_id'].nunique()} people begin before the line before was stopped"
    return [f"{_OVERLAPPING}: {what}. Both are kept as recorded; is a stop that of another line, or a day mistyped?"]


def unfollowed(patients: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Say where nobody, or hardly anybody, of those without an end has a last contact."""
    ended = set(events.loc[events["kind"].isin(["progression", "death"]), "patient_id"])
    alive = set(patients["patient_id"]) - ended
    contacted = alive & set(events.loc[events["kind"] == "last_contact", "patient_id"])
    if len(alive) < LEAST or len(contacted) > 0.1 * len(alive):
        return []
    how = "nobody" if not contacted else f"only {len(contacted)}"
    so = "Each is followed to the last result only, so who comes less often seems to be followed for a shorter time."
    what = f"{_UNFOLLOWED}: {how} of {len(alive)} people without progression or death has a last contact."
    return [f"{what} {so} Give the day on which each was last known to be alive."]
