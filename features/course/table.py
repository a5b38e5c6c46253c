"""The table of the course: one row for each visit of each person since the start of their first line of therapy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import Cohort
from features.course.since import begun_on, recorded_in_line
from features.course.spectrum import QUALITY, of_scores, spectrum_columns
from features.history.arrays import Histories, dates_of, places
from features.history.columns import FeatureSpec
from features.history.course.columns import COURSE
from features.history.course.states import CourseStates, course_states
from features.history.layout import Days
from features.history.rows import View, look
from features.table.landmarks import visits
from myeloma import DataError, catalogue
from myeloma.calendar import NEVER, NO_DAY, date_of
from myeloma.treated import mrd
from myeloma.treated.quality_of_life import VERDICTS, scales, verdict
from myeloma.treated.response.codes import CATEGORIES, KINDS, NE, NOTES, PATHS, PD, words

Array = NDArray[np.float64]
MARKERS = ("m_protein", "urine_m_protein", "flc_involved", "bmpc")
_FIGURES = {"": "last__since_line", "_pct_baseline": "pct_baseline__since_line", "_pct_nadir": "pct_min__since_line"}
_NUMBERS = ("months_since_line", "mrd_depth", "months_mrd_negative", "months_since_mrd", "on_therapy", "anti_cd38")


def course_table(cohort: Cohort) -> pd.DataFrame:
    """Return the course of a cohort's treated people, each row from what was known by its visit.

    Raises
    ------
    DataError
        Nobody has a visit since the start of a line of therapy.
    """
    table = course_rows(Histories.of(cohort, operators=True), cohort.patients["patient_id"].to_numpy())
    if table is None:
        what = "Nobody of this cohort has a visit since the start of a therapy."
        raise DataError(what, "record each start among the events, as treatment_start with the regimen in `detail`.", "nothing_usable")
    return table


def course_rows(histories: Histories, ids: NDArray[np.generic]) -> pd.DataFrame | None:
    """Return the course of treated people, each row from what was known by its visit; None where nobody has a visit since a start.

    Parameters
    ----------
    histories : Histories
        With the operators of results: a value below a limit is one to the rules of response.
    ids : array (people,)
        What `patient_id` says of each.
    """
    return rows_on(histories, ids, *visits(histories.results, histories.people.index_day))


def rows_on(histories: Histories, ids: NDArray[np.generic], patient: NDArray[np.int32], day: Days) -> pd.DataFrame | None:
    """Return the same of people on days of one's own, those in a line of therapy; `visit` is the day."""
    begun = histories.lines.by(patient, day) >= 0
    if not begun.any():
        return None
    patient, day = patient[begun], day[begun]
    of = course_states(histories, patient, day)
    known = [key for key in scales() if key in catalogue()]
    quality = [key for key, place in zip(known, places(known), strict=True) if (histories.results.biomarker == place).any()]
    view = look(histories, patient, day, FeatureSpec((), (), (), ()), _asked(quality))
    columns = {
        "patient_id": ids[patient],
        "visit": dates_of(day),
        **_of_line(of),
        **_of_response(of, recorded_in_line(histories, of, begun_on(of))),
        **{f"{name}{ending}": view[f"{name}__{figure}"] for name in MARKERS for ending, figure in _FIGURES.items()},
        **_of_residual(of),
        **{name: COURSE[name](of) for name in _NUMBERS},
        **_of_quality(quality, view),
        **spectrum_columns(histories, of, view),
    }
    return pd.DataFrame(columns).sort_values(["patient_id", "visit"], kind="stable", ignore_index=True)


def summary(table: pd.DataFrame) -> dict[str, Any]:
    """Return how many visits and people a course holds, and what their last visits say of response and residual disease."""
    last = table.drop_duplicates("patient_id", keep="last")
    counted = {what: {str(word): int(n) for word, n in last[what].value_counts().items()} for what in ("response", "mrd")}
    return {"visits": len(table), "patients": len(last), **counted}


def _asked(quality: list[str]) -> tuple[str, ...]:
    """Return the columns that the kernel makes."""
    return (*(f"{name}__{figure}" for name in MARKERS for figure in _FIGURES.values()), *of_scores(dict.fromkeys([QUALITY, *quality])))


def _of_line(of: CourseStates) -> dict[str, NDArray[np.generic]]:
    line = of.asked.line
    given = [" | ".join(names) for names in of.treated.names(line, of.asked.day)]
    return {
        "line": of.treated.number[line].astype(np.int64),
        "line_start": dates_of(of.treated.start[line]),
        "regimen": np.array(given, dtype=object),
    }


def _of_response(of: CourseStates, recorded: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    response = of.response
    kinds = {"visit_response": "category", "visit_response_best": "best", "visit_response_worst": "worst"}
    kinds |= {"response": "known", "best_response": "best_known"}
    found: dict[str, NDArray[np.generic]] = {}
    for name, kind in kinds.items():
        found[name] = _words(of.at_sample(getattr(response, kind), NE), CATEGORIES)
    view = np.where(of.sample < 0, -1, of.views.of)
    found["followed_by"] = np.append(np.array([PATHS[int(path)] for path in response.path], dtype=object), "")[view]
    found["progressed_by"] = _added_up(of.at_sample(response.progressed_by, 0), KINDS)
    known = np.append(response.progression_known_day, NEVER)[view]
    seen = known <= of.asked.day
    found["progression_confirmed_on"] = pd.Series(dates_of(np.where(seen, known, 0).astype(np.int32))).where(seen).to_numpy()
    found["drug_band"] = of.at_sample(of.samples.band)
    notes = _added_up(of.at_sample(response.notes, 0), NOTES)
    found["response_notes"] = _with_recorded(notes, np.where(of.at_sample(response.known, NE) == PD, NO_DAY, recorded))
    found["response_criteria"] = np.full(len(view), response.version, dtype=object)
    return found


def _with_recorded(notes: NDArray[np.object_], recorded: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the remarks, and that a progression was recorded where the results alone have not confirmed one."""
    said = notes.copy()
    for k in np.flatnonzero(recorded != NO_DAY):
        remark = f"progression recorded on {date_of(int(recorded[k]))}, which the response by results does not show"
        said[k] = f"{notes[k]}; {remark}" if notes[k] else remark
    return said


def _of_residual(of: CourseStates) -> dict[str, NDArray[np.generic]]:
    n, tests = len(of.asked.day), of.mrd
    none = tests.last == NO_DAY
    return {
        "mrd": np.array([mrd.STATUSES[status] for status in tests.status], dtype=object),
        "mrd_level": np.where(none, np.nan, tests.level),
        "mrd_since": _dates(tests.since),
        "mrd_tested_on": _dates(tests.last),
        "mrd_sustained": np.array([mrd.sustained_words(tests, k, of.imaging) for k in range(n)], dtype=object),
        "imaging": np.array([mrd.STATUSES[status] for status in of.imaging.status], dtype=object),
    }


def _of_quality(quality: list[str], view: View) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {}
    for key in quality:
        before, now = view[f"{key}__last__baseline"], view[f"{key}__last__since_line"]
        said = verdict(key, before, now)
        found[key] = now
        found[f"{key}_change"] = now - before
        found[f"{key}_verdict"] = np.array([VERDICTS.get(one, "") for one in np.where(np.isnan(said), 9, said).astype(int)], dtype=object)
    return found


def _words(codes: Array, names: dict[int, str]) -> NDArray[np.object_]:
    return np.array([names[int(code)] for code in codes], dtype=object)


def _added_up(bits: Array, names: dict[int, str]) -> NDArray[np.object_]:
    known = {code: "; ".join(words(int(code), names)) for code in np.unique(bits)}
    return np.array([known[code] for code in bits], dtype=object)


def _dates(days: NDArray[np.int64]) -> NDArray[np.generic]:
    there = days != NO_DAY
    dates: NDArray[np.generic] = pd.Series(dates_of(np.where(there, days, 0).astype(np.int32))).where(there).to_numpy()
    return dates
