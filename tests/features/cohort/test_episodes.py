"""Lines of therapy are made from what was recorded: by hand, then against a slow twin."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import episodes_of, read_cohort, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS, row_hashes
from features.history.arrays import Histories

INDEX_DATE = pd.Timestamp("2015-01-01")
NOBODY = pd.DataFrame(columns=list(QUARANTINE_COLUMNS))


def table(cohort_of_days, *events):
    """Return line, start, stop, drugs of one patient; events are ("start" or "stop", day, line, drug)."""
    rows = [("P1", f"treatment_{kind}", day, line, drug) for kind, day, line, drug in events]
    return rows_of(episodes_of(cohort_of_days([], rows)))


def rows_of(episodes):
    """Return line, start, stop, drugs, days for dates."""
    start, stop = ((episodes[name] - INDEX_DATE).dt.days for name in ("start", "stop"))
    stop = [None if pd.isna(day) else int(day) for day in stop]
    return list(zip(episodes["line"], start, stop, episodes["drugs"], strict=True))


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        ([], []),
        ([("start", 10, None, "VRd")], [(1, 10, None, "VRd")]),
        # without a recorded line nothing is guessed: all of it is line 1
        ([("start", 10, None, "VRd"), ("start", 900, None, "DKd")], [(1, 10, None, "VRd|DKd")]),
        ([("start", 10, 1, "VRd"), ("start", 900, 2, "DKd")], [(1, 10, None, "VRd"), (2, 900, None, "DKd")]),
        # a start without one belongs to the line recorded last, were it on the same day
        ([("start", 10, 2, "D"), ("start", 10, None, "R"), ("start", 40, None, "K")], [(2, 10, None, "D|R|K")]),
        ([("start", 5, None, "K"), ("start", 10, 2, "D")], [(1, 5, None, "K"), (2, 10, None, "D")]),
        # a line is stopped once each of its drugs is
        ([("start", 10, 1, "D"), ("start", 10, 1, "R"), ("stop", 50, 1, "D")], [(1, 10, None, "D|R")]),
        ([("start", 10, 1, "D"), ("start", 10, 1, "R"), ("stop", 50, 1, "D"), ("stop", 40, 1, "R")], [(1, 10, 50, "D|R")]),
        ([("start", 10, 1, "D"), ("start", 10, 1, "R"), ("stop", 50, None, "")], [(1, 10, 50, "D|R")]),
        ([("start", 10, 1, "D"), ("start", 60, 1, "R"), ("stop", 50, None, "")], [(1, 10, None, "D|R")]),
        # begun again after the stop, it goes on
        ([("start", 10, 1, "D"), ("stop", 50, 1, "D"), ("start", 80, 1, "D")], [(1, 10, None, "D")]),
        ([("start", 10, 1, "D"), ("stop", 50, 1, "D"), ("start", 80, 1, "D"), ("stop", 90, 1, "D")], [(1, 10, 90, "D")]),
        # a stop without a line closes the latest start of what it names
        ([("start", 10, 1, "D"), ("start", 60, 2, "K"), ("stop", 70, None, "D")], [(1, 10, 70, "D"), (2, 60, None, "K")]),
        ([("start", 10, 1, "D"), ("start", 60, 2, "K"), ("stop", 70, None, "")], [(1, 10, None, "D"), (2, 60, 70, "K")]),
        ([("start", 10, 1, "Dara"), ("stop", 20, None, "dara")], [(1, 10, 20, "Dara")]),  # two spellings
        ([("start", 10, 1, "D"), ("stop", 10, 1, "D")], [(1, 10, 10, "D")]),
        ([("start", 10, 1, "")], [(1, 10, None, "")]),
        ([("start", 10, 1, ""), ("stop", 30, 1, "")], [(1, 10, 30, "")]),
    ],
)
def test_lines_are_what_was_recorded(cohort_of_days, events, lines):
    assert table(cohort_of_days, *events) == lines


@pytest.mark.parametrize("name", ["", "D"])
def test_a_stop_on_the_day_of_the_next_start_ends_what_began_before(cohort_of_days, name):
    """Changing the regimen is one visit, and so one day in the record."""
    found = table(cohort_of_days, ("start", 10, 1, "D"), ("stop", 50, None, name), ("start", 50, 2, "D"))
    assert found == [(1, 10, 50, "D"), (2, 50, None, "D")]
    assert table(cohort_of_days, ("start", 10, 1, "D"), ("stop", 50, None, name), ("start", 50, None, "D")) == [(1, 10, None, "D")]
    assert table(cohort_of_days, ("start", 10, 1, "D"), ("stop", 10, None, name)) == [(1, 10, 10, "D")]


def test_a_drug_is_spelt_as_in_its_own_line_whoever_else_has_had_it(cohort_of_days):
    rows = [("P1", "treatment_start", 5, 1, "drd"), ("P2", "treatment_start", 9, 1, "DRd"), ("P2", "treatment_start", 12, 1, "A|B")]
    assert episodes_of(cohort_of_days([], rows))["drugs"].tolist() == ["drd", "DRd|A/B"]


def test_people_keep_their_own_lines(cohort_of_days):
    rows = [("P2", "treatment_start", 5, 2, "K"), ("P1", "treatment_start", 9, 1, "D"), ("P2", "treatment_stop", 7, 2, "K")]
    episodes = episodes_of(cohort_of_days([], rows))
    assert list(zip(episodes["patient_id"], rows_of(episodes), strict=True)) == [("P1", (1, 9, None, "D")), ("P2", (2, 5, 7, "K"))]


def test_a_cohort_without_treatment_has_an_empty_table_of_the_same_columns(cohort_of_days):
    episodes = episodes_of(cohort_of_days([]))
    assert episodes.columns.tolist() == ["patient_id", "line", "start", "stop", "drugs"]
    assert episodes.dtypes.astype(str).tolist() == ["object", "int64", "datetime64[ns]", "datetime64[ns]", "object"]


@pytest.mark.parametrize("line", [None, 1])
def test_events_have_a_column_line_only_where_one_was_recorded_and_it_survives_the_folder(cohort_of_days, tmp_path, line):
    events = [("P1", "treatment_start", 10, line, "D"), ("P1", "last_contact", 20)]
    cohort = cohort_of_days([], events)
    write_cohort(cohort, tmp_path / "cohort", NOBODY)
    read = read_cohort(tmp_path / "cohort")
    assert ("line" in read.events) == (line is not None)
    assert row_hashes(read.events) == row_hashes(cohort.events)
    pd.testing.assert_frame_equal(episodes_of(read), episodes_of(cohort))


EVENT = st.tuples(
    st.sampled_from(["start", "start", "stop"]), st.integers(0, 9), st.none() | st.integers(1, 3), st.sampled_from(["", "D", "d", "R"])
)


def line_of(event, starts):
    """Return the line of a start, one event after the other."""
    _, day, line, _ = event
    return line or max((other for _, when, other, _ in starts if other and when <= day), default=1)


def twin(events):
    starts = [event for event in events if event[0] == "start"]
    lines = {}
    for start in starts:
        lines.setdefault(line_of(start, starts), []).append((start[1], start[3].casefold()))
    stops = {}
    for _, day, line, drug in (event for event in events if event[0] == "stop"):
        fits = [s for s in starts if (not drug or s[3].casefold() == drug.casefold()) and (not line or line_of(s, starts) == line)]
        before = [(s[1], line_of(s, starts)) for s in fits if s[1] < day] or [(s[1], line_of(s, starts)) for s in fits if s[1] == day]
        if before:  # of lines that began on one day the higher is meant; what begins on the day of the stop goes on
            latest, closed = max(before)
            stops.setdefault(closed, []).append((day, drug.casefold(), latest == day))
    out = []
    for line, begun in sorted(lines.items()):
        ends = []
        for drug in {name for _, name in begun}:
            last = max(day for day, name in begun if name == drug)
            mine = [stop for stop in stops.get(line, []) if stop[1] in ("", drug)]
            ended = [day for day, _, of_one_day in mine if day > last or (day == last and of_one_day)]
            ends.append(max(ended) if ended else None)
        out.append((line, min(begun)[0], None if None in ends else max(ends)))
    return out


@settings(max_examples=300)
@given(events=st.lists(EVENT, max_size=8))
def test_every_line_is_that_of_the_slow_twin(cohort_of_days, events):
    assert [row[:3] for row in table(cohort_of_days, *events)] == twin(events)


@given(events=st.lists(EVENT, max_size=8))
def test_the_arrays_that_windows_stand_on_hold_the_same_lines(cohort_of_days, events):
    rows = [("P2", f"treatment_{kind}", day, line, drug) for kind, day, line, drug in events]
    cohort = cohort_of_days([], rows)
    lines, episodes = Histories.of(cohort).lines, episodes_of(cohort)
    days = (episodes["start"] - pd.Timestamp("1970-01-01")).dt.days
    assert sorted(zip(lines.line.tolist(), lines.start.tolist(), strict=True)) == list(zip(episodes["line"], days, strict=True))
    assert set(lines.person.tolist()) <= {1}
