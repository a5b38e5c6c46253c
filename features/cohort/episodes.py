"""The table of episodes: one row a line of therapy, with its start, its stop and its drugs (the rules: `features.cohort.lines`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.lines import START, STOP, Days, Lines, Positions, Therapy, drug_codes, line_of_starts, recorded_lines, start_of_stops
from features.cohort.schema import Cohort
from myeloma.calendar import NEVER, NO_DAY

_DAY_BITS = 33  # a day, moved by half of that, fits


def episodes_of(cohort: Cohort) -> pd.DataFrame:
    """Return the lines of therapy of a cohort: patient_id, line, start, stop and drugs, by patient and line.

    Parameters
    ----------
    cohort : Cohort
        Its events `treatment_start` and `treatment_stop` name a drug or regimen in `detail` and, in the optional column `line`, a line.

    Returns
    -------
    DataFrame
        `line` counts from 1. `start` is the day of its first start. `stop` is the day on which the last of its drugs was stopped;
        missing where not every drug was. `drugs` are the names in the order of their starts, as the first start in the line spells
        them, joined by a bar (a bar within a name becomes a stroke); empty where none was named.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": ["P1"], "index_date": ["2020-01-01"]})
    >>> results = pd.DataFrame({"patient_id": ["P1"], "collected_at": "2020-01-01", "biomarker": "bmpc", "value": 12, "unit": "%"})
    >>> events = pd.DataFrame({"patient_id": "P1", "occurred_at": ["2020-02-01", "2020-03-01", "2020-05-01"], "detail": "daratumumab",
    ...                        "kind": ["treatment_start", "treatment_stop", "treatment_start"], "line": [1, None, 2]})
    >>> from features import cohort_of_frames
    >>> episodes_of(cohort_of_frames(patients, results, events)[0])
      patient_id  line      start       stop        drugs
    0         P1     1 2020-02-01 2020-03-01  daratumumab
    1         P1     2 2020-05-01        NaT  daratumumab
    """
    return episodes_in(cohort.patients, cohort.events)


def episodes_in(patients: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the same for the two tables alone."""
    ids = pd.Index(patients["patient_id"])
    known = events[events["patient_id"].isin(ids) & events["kind"].isin((START, STOP))]
    person, day = ids.get_indexer(known["patient_id"]).astype(np.int32), known["occurred_at"].to_numpy().astype("datetime64[D]")
    every = Therapy(person, day.astype(np.int32), recorded_lines(known), drug_codes(known["detail"]))
    starts, stops = (every.at((known["kind"] == kind).to_numpy()) for kind in (START, STOP))
    spelt = known.loc[known["kind"] == START, "detail"].tolist()
    lines = Lines.of(starts)
    stop = stop_of_lines(lines, starts, stops)
    table = pd.DataFrame(
        {
            "patient_id": ids.to_numpy(dtype=object)[lines.person],
            "line": lines.line.astype(np.int64),
            "start": lines.start.astype("datetime64[D]").astype("datetime64[ns]"),
            "stop": pd.Series(stop.astype("datetime64[D]").astype("datetime64[ns]")).where(stop < NEVER),
            "drugs": np.array(_drugs_of_lines(lines, starts, spelt), dtype=object),
        }
    )
    return table.sort_values(["patient_id", "line"], kind="stable", ignore_index=True)


def line_positions(lines: Lines, starts: Therapy) -> Positions:
    """Return the position among the lines of each start."""
    key = (lines.person.astype(np.int64) << 16) + lines.line
    order = np.argsort(key)
    found: Positions = order[np.searchsorted(key[order], (starts.person.astype(np.int64) << 16) + line_of_starts(starts))]
    return found


def end_of_starts(lines: Lines, starts: Therapy, stops: Therapy) -> Days:
    """Return the first day on which what each start began was stopped, `NEVER` where it goes on.

    What is on a day rests on starts and stops up to that day: later ones change neither a start nor an end before them. The stop of a
    line (`stop_of_lines`) is another thing, seen from the end: the last of its drugs' stops.
    """
    of_start = line_positions(lines, starts)
    closes, _ = start_of_stops(starts, stops)
    stops, closes = stops.at(closes >= 0), closes[closes >= 0]
    of_stop, of_one_day = of_start[closes], starts.day[closes] == stops.day
    end = np.full(len(starts), NEVER, np.int32)
    for named in (True, False):  # a stop closes the drug that it names, or all of the line
        rows = (stops.drug > 0) == named
        name = np.concatenate([of_start, of_stop[rows]]).astype(np.int64) << 32
        if named:
            name += np.concatenate([starts.drug, stops.drug[rows]])
        _, code = np.unique(name, return_inverse=True)
        key = (code << _DAY_BITS) + np.concatenate([starts.day, stops.day[rows]]) + (1 << (_DAY_BITS - 1))
        mine, stopped, day = key[: len(starts)], key[len(starts) :], stops.day[rows]
        order = np.argsort(stopped)
        place = np.append(order, -1)[np.searchsorted(stopped[order], mine, side="right")]
        fits = (place >= 0) & (np.append(code[len(starts) :], -1)[place] == code[: len(starts)])
        end = np.where(fits, np.minimum(end, np.append(day, NEVER)[place]), end)
        end = np.where(np.isin(mine, stopped[of_one_day[rows]]), np.minimum(end, starts.day), end)
    return end.astype(np.int32)


def stop_of_lines(lines: Lines, starts: Therapy, stops: Therapy) -> Days:
    """Return the day on which the last drug of each line was stopped, `NEVER` where one was not."""
    of_start = line_positions(lines, starts)
    pairs, pair = np.unique((of_start.astype(np.int64) << 32) + starts.drug, return_inverse=True)  # a line and one of its drugs
    begun = np.full(len(pairs), NO_DAY, np.int32)
    np.maximum.at(begun, pair, starts.day)
    closes, _ = start_of_stops(starts, stops)
    stops, closes = stops.at(closes >= 0), closes[closes >= 0]
    of_one_day = starts.day[closes] == stops.day
    named, line = stops.drug > 0, pairs >> 32
    last, last_of_one_day = (np.full(len(lines), NO_DAY, np.int32) for _ in range(2))  # of stops that name no drug
    np.maximum.at(last, of_start[closes[~named]], stops.day[~named])
    np.maximum.at(last_of_one_day, of_start[closes[~named & of_one_day]], stops.day[~named & of_one_day])
    ended = np.where((last[line] > begun) | (last_of_one_day[line] == begun), last[line], NO_DAY)
    mine = pair[closes[named]]
    holds = (stops.day[named] > begun[mine]) | (of_one_day[named] & (stops.day[named] == begun[mine]))
    np.maximum.at(ended, mine[holds], stops.day[named][holds])
    stop = np.full(len(lines), NO_DAY, np.int32)
    np.maximum.at(stop, line, np.where(ended > NO_DAY, ended, NEVER))
    return stop


def _drugs_of_lines(lines: Lines, starts: Therapy, spelt: list[str]) -> list[str]:
    """Return the drugs of each line, each as its first start in the line spells it."""
    names: list[dict[int, str]] = [{} for _ in range(len(lines))]
    of_start = line_positions(lines, starts)
    for k in np.lexsort((starts.drug, starts.day)).tolist():
        if starts.drug[k]:
            names[of_start[k]].setdefault(int(starts.drug[k]), spelt[k].strip().replace("|", "/"))
    return ["|".join(name.values()) for name in names]
