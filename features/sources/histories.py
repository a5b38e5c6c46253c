"""From people, coded occurrences and results to the three tables: what the record sources have in common.

The index date of a person is the first occurrence of an index code; people without one are not part of the cohort.
Of a progression that is recorded several times the earliest of its kind counts, of a last contact the latest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from features.sources.births import days_in, middle_of, without_imputed
from features.sources.components import with_totals
from features.sources.received import OPTIONAL, PLACE, REQUIRED, Received, given_columns
from myeloma import DataError, calendar
from myeloma.calendar import BAD_DAY, DAYS_PER_YEAR, FIRST_DATE, FIRST_DAY, LAST_DAY, date_of

_DAY = r"^\d{4}-\d{2}-\d{2}"


@dataclass
class Histories:
    """What a record source read, as text.

    Attributes
    ----------
    people : patient_id, birth (a day, a month `YYYY-MM` or a year), sex, site
    occurrences : patient_id, occurred_at, kind (`index` or an event kind; empty where it could not be read), detail
    measurements : patient_id, collected_at, available_at, biomarker, value, unit; and component, where a result is one of several
        that add up to the total; method and specimen, where the source says them
    files : what stands behind each of the three tables, in words
    notes : what was not used, and why
    withheld : what of it may be free text, see `received.Received`

    Each table has a `source_row`; `source_file` and `refusal` (a reason code of `received.REFUSALS`) may stand beside it.
    """

    source: str
    people: pd.DataFrame
    occurrences: pd.DataFrame
    measurements: pd.DataFrame
    files: dict[str, str]
    notes: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)


def assemble(histories: Histories, stage: str, today: int | None = None) -> Received:
    """Return the three tables of the people who have an index date.

    Parameters
    ----------
    today : int, optional
        Days since 1970: only days up to it are candidates for the first or the last of their kind. The day of the call where left out.

    Raises
    ------
    DataError
        There is nobody, or nobody has an index code.
    """
    people, occurrences, results = (_as_text(frame) for frame in (histories.people, histories.occurrences, histories.measurements))
    if people.empty:
        raise DataError(f"{histories.files['patients']}: no person in it.", "an empty cohort cannot be used.", "empty_cohort")
    today = calendar.today() if today is None else today
    index_date, unclear = _index_dates(occurrences, today)
    left_out = ~people["patient_id"].isin(index_date.index) & (_refusal(people) == "") & (people["patient_id"] != "")
    if left_out.all():
        raise DataError(
            f"None of {len(people)} people has an index code.",
            "the codes under `index` in the mapping say what starts a history; check that they are written as the source writes them.",
            "empty_cohort",
        )
    gone = set(people.loc[left_out, "patient_id"])
    events = occurrences[(occurrences["kind"] != "index") & ~occurrences["patient_id"].isin(gone)]
    measured = results[~results["patient_id"].isin(gone)]
    measured, added_up = with_totals(measured)
    events, ahead = _without_later_slips(events, today)
    events, repeated = _once(events, "progression", today, first=True)  # of each kind: a biochemical one comes before a clinical one
    events, _ = _once(events, "last_contact", today, first=False)
    birth, imputed = without_imputed(people["birth"])
    patients, births = _patients(people.assign(birth=birth)[~left_out], index_date, stage)
    notes = [
        f"{len(patients)} of {len(people)} people have an index date; {int(left_out.sum())} have no index code and are no part of the "
        f"cohort, nor are their {int(results['patient_id'].isin(gone).sum())} results",
        *added_up,
        *said(repeated, "later records of a progression are left aside: the earliest counts"),
        *said(ahead, f"progressions or deaths are dated after {date_of(today)} although the person has an earlier one: left aside"),
        *said(unclear, f"index codes have no usable date ({unusable_days(today)}); the person's other ones are used where there are any"),
        *said(imputed, "birthdays stand on a day that so many share that it was made up: only the year, or month, is taken"),
        *said(births, "people are born in a known year, not on a known day: their age is counted from the middle of it"),
        *said(_undated_deaths(events), "deaths have no date: those people are set aside, since when they died is not known"),
        *histories.notes,
    ]
    tables = {"patients": patients, "measurements": measured, "events": events}
    for name, frame in tables.items():
        columns = [*REQUIRED[name], *OPTIONAL[name], *given_columns(name, frame), *(column for column in PLACE if column in frame.columns)]
        tables[name] = _as_text(frame.reindex(columns=[*columns, "source_row"], fill_value="")).reset_index(drop=True)
    return Received(histories.source, tables, histories.files, notes, withheld=histories.withheld)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of text in which what is missing is empty, even where it has no rows and so no types."""
    text = frame.astype(object)
    return text.where(text.notna(), "").assign(source_row=frame["source_row"].astype("int64"))


def _index_dates(occurrences: pd.DataFrame, today: int) -> tuple[pd.Series, int]:
    """Return the earliest index date by person, as written; one that cannot be used only where there is no other."""
    index = occurrences[(occurrences["kind"] == "index") & (occurrences["patient_id"] != "")]
    usable = _usable(index["occurred_at"], today)
    ordered = index.assign(unusable=~usable).sort_values(["unusable", "occurred_at"], kind="stable")
    return ordered.drop_duplicates("patient_id").set_index("patient_id")["occurred_at"], int((~usable).sum())


def _once(events: pd.DataFrame, kind: str, today: int, first: bool) -> tuple[pd.DataFrame, int]:
    """Keep a person's first (or last) usable event of a kind; what cannot be used stays, for quality to refuse."""
    candidates = events[(events["kind"] == kind) & (events["patient_id"] != "") & _usable(events["occurred_at"], today)]
    ordered = candidates.sort_values("occurred_at", ascending=first, kind="stable")
    others = ordered.index[ordered.duplicated(["patient_id", "detail"])]
    return events.drop(index=others), len(others)


def _without_later_slips(events: pd.DataFrame, today: int) -> tuple[pd.DataFrame, int]:
    """Leave aside progressions and deaths of the future where the person has a usable one: the first counts, and it is known."""
    ends = events[events["kind"].isin(["progression", "death"]) & (events["patient_id"] != "")]
    people = ends["kind"] + " " + ends["patient_id"]
    later = (days_in(ends["occurred_at"]) > today) & people.isin(people[_usable(ends["occurred_at"], today)])
    return events.drop(index=ends.index[later]), int(later.sum())


def _patients(people: pd.DataFrame, index_date: pd.Series, stage: str) -> tuple[pd.DataFrame, int]:
    """Return the patients' table, and of how many only the year or month of birth is known."""
    dated = people["birth"].str.contains(_DAY) | ~people["birth"].str.contains(r"^\d{4}(?:-\d{2})?$")
    middle = people["birth"].map(middle_of)
    start = people["patient_id"].map(index_date).fillna("")
    index_day, birth_day = days_in(start), days_in(middle)
    dated |= birth_day == BAD_DAY  # a year outside the calendar is refused like any other such day
    rough = ~dated & (index_day > BAD_DAY) & (birth_day > BAD_DAY)
    age = (index_day - birth_day) / DAYS_PER_YEAR
    patients = people.assign(
        index_date=start,
        birth_date=people["birth"].where(dated, ""),
        age_at_index=age.round(2).astype(object).where(rough, ""),
        stage=stage,
    )
    return patients, int(rough.sum())


def _usable(text: pd.Series, today: int) -> pd.Series:
    """Return which days are days of the calendar within what is accepted, and not of the future."""
    return days_in(text).between(FIRST_DAY, min(LAST_DAY, today))


def _refusal(frame: pd.DataFrame) -> pd.Series:
    return frame["refusal"] if "refusal" in frame else pd.Series("", index=frame.index)


def _undated_deaths(events: pd.DataFrame) -> int:
    return int(((events["kind"] == "death") & ((events["occurred_at"] == "") | (_refusal(events) == "undated_death"))).sum())


def said(count: int, words: str) -> list[str]:
    """Return a note of a count, and none of nothing."""
    return [f"{count} {words}"] if count else []


def unusable_days(today: int) -> str:
    """Return why a day cannot be used, in words."""
    return f"not written YYYY-MM-DD, before {FIRST_DATE}, or after {date_of(today)}"


def as_sex(received: pd.Series, female: tuple[str, ...], male: tuple[str, ...]) -> tuple[pd.Series, list[str]]:
    """Return `female`, `male` or unknown (empty), and a note where a code is neither; letter case does not matter."""
    words = {code.casefold(): "female" for code in female} | {code.casefold(): "male" for code in male}
    sex = received.map(lambda code: words.get(code.casefold(), "")).astype(object)
    return sex, said(int((sex == "").sum()), "people have a sex that is recorded as neither female nor male: taken as unknown")


def as_site(received: pd.Series, names: dict[str, str], value: str) -> pd.Series:
    """Return the site's name: the one value for all, or what was received, renamed where the mapping says so."""
    return received.map(lambda code: names.get(code, code)) if not value else pd.Series(value, index=received.index)
