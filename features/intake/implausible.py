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
from features.cohort.lines import START, STOP
from features.cohort.sites import UNKNOWN_SITE
from features.intake.quarantine import Inspection
from features.sources.cells import Cells, cells_of, days_of
from myeloma import catalogue
from myeloma.criteria import CRITERIA
from myeloma.treated.regimens import regimen

Seen = Counter[tuple[str, str, str]]  # (what, site, biomarker) -> results, or people
RESULTS, FRACTIONS, ZEROS, LOW, LATER = "results", "fractions", "zeros", "low", "after last contact"
PEOPLE, ALIKE, REFUSED = "people", "alike: ", "refused after kept"
LEAST = 5  # results: fewer are slips
MOST_FRACTION = 1.0  # percent: plasma cells of a whole site are not below it; a marrow in remission is reported as 1 %
LOW_M_PROTEIN = 0.3  # g/dL: of a whole site's results more lie above it
CODES = (999.0, 9999.0)  # what stands for missing where nothing is
LEAST_ALIKE, LEAST_PEOPLE = 50, 20  # results, of people: fewer may be the same by chance, or by rounding
LATE_DAYS = 365  # of an event after the last contact, by our judgement: no visit was missed, a whole year was
# What decides a myeloma-defining criterion: of it a result that is refused counts as much as one that is kept.
DECIDING = {criterion.biomarker for criterion in CRITERIA} | {"flc_kappa", "flc_lambda", "kappa_lambda_ratio"}
UNREAD = ("not_a_number", "unknown_unit", "out_of_range", "unknown_word")  # why a result that was there says nothing
_SHARE = {FRACTIONS: 0.9, ZEROS: 0.02, LOW: 0.9}
_CODE_SHARE = 0.02
# How each is called in a warning.
_FRACTION, _ZERO, _UNIT, _CONTACT = "suspected_fraction", "suspected_zeros", "suspected_site_unit", "contact_before_results"
_MISSING, _UNFOLLOWED, _OVERLAPPING = "suspected_missing_code", "no_last_contact", "overlapping_lines"
_ALIKE, _REFUSED, _LATE, _REGIMEN = "constant_results", "refused_after_kept", "event_after_contact", "unknown_regimen"


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
    _count_alike(seen, kept, patient, site, biomarker)
    return seen


def _count_alike(seen: Seen, kept: pd.DataFrame, patient: Cells, site: Cells, biomarker: Cells) -> None:
    """Count the people of each site and biomarker, and the results of those that are all one number, no finding and no limit."""
    value = kept["value"].to_numpy()
    number = (kept["operator"] == "").to_numpy() if "operator" in kept else np.ones(len(kept), dtype=bool)
    pair = site.codes.astype(np.int64) * len(biomarker.texts) + biomarker.codes
    of_pair = pd.DataFrame({"value": value, "number": number, "person": patient.codes}).groupby(pair)
    found = of_pair.agg(
        least=("value", "min"), most=("value", "max"), number=("number", "all"), people=("person", "nunique"), n=("value", "size")
    )
    for code, (least, most, numbers, people, results) in zip(found.index.tolist(), found.to_numpy().tolist(), strict=True):
        where, name = site.texts[code // len(biomarker.texts)], biomarker.texts[code % len(biomarker.texts)]
        seen[PEOPLE, where, name] += people
        if numbers and least == most and not catalogue()[name].words:
            seen[f"{ALIKE}{least:g}", where, name] += results


def refused_after_kept(table: Inspection, kept: pd.DataFrame) -> Seen:
    """Return of how many people the latest result of what decides a criterion is one that was refused, by biomarker."""
    reasons = np.array([reason in UNREAD for reason, _, _ in table.problems])
    received = table.received[reasons[table.problem]]
    named = pd.Series(cells_of(received["biomarker"]).mapped(catalogue().key_of).rows(), index=received.index, dtype=object)
    refused = pd.DataFrame(
        {"patient_id": cells_of(received["patient_id"]).rows(), "biomarker": named.to_numpy(), "day": days_of(received["collected_at"]).day}
    )
    refused = refused[refused["biomarker"].isin(DECIDING)]
    if refused.empty:
        return Counter()
    mine = kept[kept["biomarker"].isin(DECIDING) & kept["patient_id"].isin(refused["patient_id"])]
    day = mine["collected_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    names = {column: mine[column].astype(object) for column in ("patient_id", "biomarker")}
    latest = mine.assign(day=day, **names).groupby(["patient_id", "biomarker"])["day"].max()
    last = refused.groupby(["patient_id", "biomarker"])["day"].max()
    open_ = last[last > latest.reindex(last.index).fillna(-np.inf)]
    return Counter({(REFUSED, "", name): people for name, people in Counter(open_.index.get_level_values("biomarker")).items()})


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
        every, where = seen[RESULTS, site, name], called.get(site, site)
        share = _SHARE.get(what, _CODE_SHARE)
        if what in (RESULTS, PEOPLE, REFUSED) or what.startswith(ALIKE) or results < LEAST or (what != LATER and results < share * every):
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
            lines.append(
                f"{_CONTACT}: {late}; is the last contact that of another list? They are followed to the latest sign, whichever it is."
            )
        else:
            listed = "a mapping may list it under `missing`."
            lines.append(f"{_MISSING}: {of_all} are exactly {what}; does it stand for missing? Then {listed}")
    return [*lines, *_alike(seen, called), *_refused(seen)]


def _alike(seen: Seen, called: Mapping[str, str]) -> list[str]:
    """Say which biomarkers are one and the same number throughout, everywhere or at one site."""
    lines = []
    for name in sorted({name for what, _, name in seen if what == RESULTS}):
        sites = [site for what, site, other in seen if what == RESULTS and other == name]
        single = {site: what.removeprefix(ALIKE) for what, site, other in seen if what.startswith(ALIKE) and other == name}
        single = {site: text for site, text in single.items() if seen[f"{ALIKE}{text}", site, name] == seen[RESULTS, site, name]}
        everywhere = len(single) == len(sites) > 1 and len(set(single.values())) == 1
        for among in [sites] if everywhere else [[site] for site in sorted(single)]:
            results, people = (sum(seen[what, site, name] for site in among) for what in (RESULTS, PEOPLE))
            if results >= LEAST_ALIKE and people >= LEAST_PEOPLE:
                where = "" if everywhere else f" at site {called[among[0]]}"
                what = f"{_ALIKE}: all {results} results of {name}{where}, of {people} people, are {single[among[0]]}"
                lines.append(f"{what}; was it filled in where nothing was measured? Then leave those cells empty.")
    return lines


def _refused(seen: Seen) -> list[str]:
    """Say of how many people the latest result of a biomarker that decides a criterion is not known, since it was refused."""
    return [
        f"{_REFUSED}: of {people} people the latest result of {name} was refused, later than any that was kept. They are scored as if it "
        f"had not been measured, though {name} may settle a myeloma-defining criterion. Mend these rows first."
        for (what, _, name), people in sorted(seen.items())
        if what == REFUSED
    ]


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


def late_events(events: pd.DataFrame) -> list[str]:
    """Say how many people have a progression or death more than a year after the last contact that is recorded of them."""
    contact = events[events["kind"] == "last_contact"].groupby("patient_id")["occurred_at"].max()
    ends = events[events["kind"].isin(["progression", "death"])]
    after = ends["occurred_at"] - ends["patient_id"].map(contact) > pd.Timedelta(days=LATE_DAYS)
    if not (people := ends.loc[after, "patient_id"].nunique()):
        return []
    what = f"{_LATE}: {people} people have a progression or death more than {LATE_DAYS} days after their last contact"
    so = "It counts, and they are followed to it; others like them are followed to their last contact only, so incidence is too high."
    return [f"{what}. {so} Give the day on which each was last known to be alive from the same source as the events."]


def unknown_regimens(events: pd.DataFrame) -> list[str]:
    """Say how many starts of treatment name something that is not known; the texts are not told, since names may stand in them."""
    starts = events[(events["kind"] == START) & events["detail"].notna()]
    texts = {text: bool(text.strip()) and not regimen(text).complete for text in starts["detail"].astype(str).unique()}
    unknown = starts[starts["detail"].astype(str).map(texts).astype(bool)]
    if unknown.empty:
        return []
    people = unknown["patient_id"].nunique()
    what = f"{_REGIMEN}: {len(unknown)} starts of treatment of {people} people name a drug or regimen that is not known"
    so = "Whether an antibody is in it is open, so beside a small IgG-kappa band no complete response can be told."
    return [f"{what}. {so} Write its drugs, as in daratumumab + carfilzomib + dexamethasone."]


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
