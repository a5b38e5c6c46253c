"""The windows of the column grammar: a number of days before the landmark, all history, or one that a line of therapy anchors.

Windows before the landmark go by the day a result was available. Anchored ones go by the day of collection: what was drawn before
the first dose says nothing of it, however late it was reported. Of an anchored window too, only what was available by the landmark is
seen, and the line is the latest that began by then. What is drawn on the day of the start is drawn before the dose: baseline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from myeloma import ConfigError
from myeloma.errors import nearest

BASELINE, SINCE_LINE, SINCE_NADIR = ANCHORED = ("baseline", "since_line", "since_nadir")
# How old a value may be to stand for what was before treatment: days of collection, the day of the start the last of them. Response is
# judged against the value before the first dose (IMWG 2016: Kumar, Lancet Oncol 2016;17:e328-e346); none of the sources that were read
# says how old it may be. This number is ours: light chains and marrow of the work-up are weeks old at the first dose.
BASELINE_DAYS = 90
_WINDOW = re.compile(r"([1-9]\d{0,4})d|ever")
_LABELS = {
    BASELINE: f"at baseline (the last {BASELINE_DAYS} days up to the start of the line of therapy)",
    SINCE_LINE: "since the start of the line of therapy",
    SINCE_NADIR: "since the lowest value of the line of therapy",
}


def is_window(name: str) -> bool:
    """Return whether a text is a window."""
    return name in ANCHORED or _WINDOW.fullmatch(name) is not None


def window_days(window: str) -> float:
    """Return how far a window reaches back from the landmark in days, infinite for `ever` and where an anchor bounds it instead.

    Raises
    ------
    ConfigError
        It is no window.
    """
    if not is_window(window):
        hint = nearest(window, ["ever", *ANCHORED])
        raise ConfigError(f'"{window}" is not a look-back.', f'write "365d" for 365 days (at most 99999), or one of the words. {hint}')
    return float(window[:-1]) if window[:-1].isdecimal() else float("inf")


def current_windows(look_backs: Sequence[str]) -> list[str]:
    """Return the look-backs that everybody has and that end now; where there are none, those that do; else all."""
    of_all = [window for window in look_backs if window not in ANCHORED]
    return of_all or [window for window in look_backs if window != BASELINE] or list(look_backs)


def window_label(window: str) -> str:
    """Return a window in words.

    Examples
    --------
    >>> window_label("365d"), window_label("since_line")
    ('last 365 days', 'since the start of the line of therapy')
    """
    return _LABELS.get(window) or ("all history" if window == "ever" else f"last {window[:-1]} days")


def windows_read(look_backs: Sequence[str]) -> tuple[str, ...]:
    """Return the windows that hold every value of their own which columns of some look-backs read: no look-back reaches further.

    Examples
    --------
    >>> windows_read(["365d", "ever", "since_line"]), windows_read(["365d", "730d"])
    (('ever',), ('730d',))
    >>> windows_read(["baseline", "since_nadir", "since_line"])
    ('since_line', 'baseline')
    """
    if "ever" in look_backs:
        return ("ever",)
    before_landmark = sorted((window for window in look_backs if window not in ANCHORED), key=window_days)[-1:]
    of_line = [window for window in (SINCE_LINE, SINCE_NADIR) if window in look_backs][:1]
    return (*before_landmark, *of_line, *(window for window in look_backs if window == BASELINE))


def within(windows: Sequence[str]) -> str:
    """Return in words where a value would have been read, as they follow `no result`; empty where every value is.

    Examples
    --------
    >>> within(["ever"]), within(["730d"]), within(["365d", "since_line"])
    ('', 'in the last 730 days', 'in the last 365 days or since the start of the line of therapy')
    """
    labels = [window_label(window) for window in windows if window != "ever"]
    return " or ".join(f"in the {label}" if label.startswith("last") else label for label in labels)
