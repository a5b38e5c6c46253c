"""The column grammar `<biomarker>__<statistic>__<window>`, and the specification that a table and a model share.

Static columns have no `__`. A window is a number of days, as in `365d`, `ever`, or one that a line of therapy anchors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.burden.parameters import MARKERS, MEASURE, Burden
from features.history.figures import EXCEEDS
from features.history.statistics import LIMIT, VALUES, statistic
from features.history.windows import BASELINE, BASELINE_DAYS, is_window, window_days, window_label, windows_read
from myeloma import ConfigError, catalogue
from myeloma.catalogue import VARIABLE
from myeloma.errors import nearest
from myeloma.treated.response.criteria import DEFAULT_VERSION as CRITERIA_VERSION

Array = NDArray[np.float64]
# Raised whenever the meaning of a column changes, so that a model made before refuses tables made after.
DEFINITIONS_VERSION = "2"  # 2: a correction supersedes the earlier value of its day
LIKE_VERSION = "2"  # likewise where methods meet windows; 2: values are compared with those of the method of the window's latest

# Likewise for the columns of treated people; 2: negativity lasts from a first to a last test, not until today; 3: of two marrows of one
# day the larger decides, and limits of every amount leave a response and a progression open.
COURSE_VERSION = "3"
# Of the latest line of therapy that began by the landmark; computed in features.history.course.
TREATED: dict[str, str] = {
    "months_since_line": "months since the start of the line of therapy",
    "response": "response as confirmed by then, from 0 (progression) to 6 (sCR)",
    "best_response": "best response so far, from 1 (SD) to 6 (sCR)",
    "mrd_negative": "MRD-negative: nothing found, at a limit of 1e-5 or lower",
    "mrd_lost": "MRD negativity lost",
    "mrd_depth": "depth of MRD, -log10 of the level found or of the limit",
    "months_mrd_negative": "months from the first to the last of the MRD negatives that last",
    "months_since_mrd": "months since the last MRD test",
    "on_therapy": "on therapy",
    "anti_cd38": "anti-CD38 antibody in the line of therapy",
}
BURDEN_VERSION = "4"  # likewise for the columns of the burden; 4: an M-protein that was never measurable tells nothing of it
# Of the burden that markers have in common (`features.history.burden`); unknown until M-protein has been measurable.
GROWTH, GROWTH_SD, CHANGE = "burden_growth", "burden_growth_sd", "burden_change"  # the first stands for all where reasons are told
BURDEN: dict[str, str] = {
    GROWTH: "growth of the disease burden per year, logarithm",
    GROWTH_SD: "uncertainty of the growth of the disease burden",
    CHANGE: "change of the disease burden since the first result, logarithm",
    "burden_change_sd": "uncertainty of the change of the disease burden",
}
# Marrow is seldom taken: what it would be by now, given its own results and how all others have moved. Unknown without one of its own.
MARROW, MARROW_NOW = "bmpc", "bmpc_now"
STATE_SPACE: dict[str, str] = {**BURDEN, MARROW_NOW: "marrow plasma cells by now, as all results tell them, percent"}
STATIC: dict[str, str] = {
    "age": "age, years",
    "female": "female sex",
    "months_since_index": "months since diagnosis",
    "heavy_chain_iga": "IgA heavy chain",
    "fish_high_risk": "high-risk FISH finding",
    "fish_lesions": "high-risk lesions found by FISH",
    **TREATED,
    **STATE_SPACE,
}
_GROUPS = {**dict.fromkeys(BURDEN, GROWTH), MARROW_NOW: MARROW}


def capital(text: str) -> str:
    """Return a text with a capital first letter; abbreviations further on stay as they are.

    Examples
    --------
    >>> capital("anti-CD38 antibody"), capital("MRD-negative")
    ('Anti-CD38 antibody', 'MRD-negative')
    """
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Column:
    """A parsed column name.

    `biomarker` is the group that SHAP sums by. A static column is its own group, but those of the burden are one, and what marrow is by
    now belongs to marrow.
    """

    name: str
    biomarker: str
    statistic: str | None
    window: str | None
    label: str


def parse_column(name: str) -> Column:
    """Return the parts of a column name.

    Raises
    ------
    ConfigError
        The name does not follow the grammar.

    Examples
    --------
    >>> parse_column("m_protein__slope__365d").label
    'Serum M-protein: slope per year, last 365 days'
    """
    if name in STATIC:
        return Column(name, _GROUPS.get(name, name), None, None, capital(STATIC[name]))
    parts = name.split("__")
    if len(parts) != 3 or parts[0] not in catalogue() or not _is_statistic(parts[1]) or not is_window(parts[2]):
        raise ConfigError(
            f'"{name}" is not a feature column.',
            f"<biomarker>__<statistic>__<window>, as in m_protein__slope__365d, or one of {', '.join(STATIC)}.",
        )
    biomarker, kind, window = parts
    one = statistic(kind)
    if not one.fits(window):
        raise ConfigError(f'"{name}" is not a feature column: {kind} does not exist in {window}.', f"{kind} exists in {one.where}.")
    return Column(name, biomarker, kind, window, f"{catalogue()[biomarker].name}: {one.label}, {window_label(window)}")


def group_of_each(columns: Sequence[str]) -> NDArray[np.int64]:
    """Return which biomarker or static column each column is of, counted from 0 on in the order in which they come.

    Examples
    --------
    >>> group_of_each(["age", "m_protein__last__ever", "female", "m_protein__mean__ever"]).tolist()
    [0, 1, 2, 1]
    """
    groups = [parse_column(name).biomarker for name in columns]
    place = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    return np.array([place[group] for group in groups])


def _is_statistic(name: str) -> bool:
    try:
        statistic(name)
    except ConfigError:
        return False
    return True


def group_label(group: str) -> str:
    """Return the plain-language name of a biomarker or static column."""
    return capital(STATIC[group]) if group in STATIC else catalogue()[group].name


def resting_on(columns: Sequence[str], biomarkers: Collection[str]) -> NDArray[np.bool_]:
    """Return which columns are unknown where nothing is known of some biomarkers; what the burden tells is measured by M-protein.

    Examples
    --------
    >>> resting_on(["age", "bmpc__last__ever", "m_protein__last__ever", "burden_growth"], ["m_protein"]).tolist()
    [False, False, True, True]
    """
    known = set(biomarkers)
    return np.array([parse_column(name).biomarker in known or (name in STATE_SPACE and MEASURE in known) for name in columns], dtype=bool)


def without_what_measures_nothing(x: Array, columns: Sequence[str]) -> Array:
    """Return features in which M-protein is unknown where the burden is: it was never measurable, so it is no measure of the disease.

    To a model of the burden 0, `<0.1` and no result are the same, as in a disease of light chains alone.

    Parameters
    ----------
    x : array (rows, columns)
    """
    told, resting = _of_measure(tuple(columns))
    if told < 0 or not (rows := np.isnan(x[:, told])).any():
        return x
    found = x.copy()
    found[np.ix_(rows, resting)] = np.nan
    return found


@lru_cache(maxsize=64)
def _of_measure(columns: tuple[str, ...]) -> tuple[int, NDArray[np.bool_]]:
    """Return the place of a column of the burden, -1 where there is none, and which columns rest on what measures it."""
    told = next((columns.index(name) for name in BURDEN if name in columns), -1)
    return told, resting_on(columns, [MEASURE])


@dataclass(frozen=True)
class FeatureSpec:
    """Which columns a table has. Two specifications with one hash give one table from one history.

    `burden` holds the parameters that the columns of the burden are computed by; None where there are no such columns.
    """

    biomarkers: tuple[str, ...]
    look_backs: tuple[str, ...]
    statistics: tuple[str, ...]
    static: tuple[str, ...]
    burden: Burden | None = None

    def __post_init__(self) -> None:
        for values, accepted, what, else_ in (
            (self.biomarkers, catalogue().keys(), "biomarker", f" Your own come from the file that {VARIABLE} names."),
            (self.statistics, self.statistics, "statistic", ""),
            (self.static, list(STATIC), "static column", ""),
            (self.look_backs, self.look_backs, "look-back", ""),
        ):
            for value in values:
                if value not in accepted:
                    raise ConfigError(f'Unknown {what} "{value}".', nearest(value, accepted) + else_)
            if len(set(values)) != len(values):
                raise ConfigError(f"A {what} is named twice: {', '.join(values)}.")
        for values, what in ((self.look_backs, "look-back"), (self.statistics, "statistic")):
            if self.biomarkers and not values:
                raise ConfigError(f"Biomarkers are named, but no {what} is named.", "name one, or take out the biomarkers.")
        self._check_burden()
        for window in self.look_backs:
            window_days(window)
        for name in self.statistics:
            one = statistic(name)
            if self.biomarkers and not any(map(one.fits, self.look_backs)):
                what = f"Statistic {name} exists in {one.where} only; look_backs holds {', '.join(self.look_backs)}."
                raise ConfigError(what, f"add such a look-back, or take out {name}.")

    def _check_burden(self) -> None:
        """Refuse columns of the burden without parameters or without its growth, and parameters without a column."""
        named = [name for name in self.static if name in STATE_SPACE]
        if (self.burden is None) != (not named):
            what = "named, but no parameters `burden`" if named else "not named, but parameters `burden` are"
            hint = (
                f"the static columns {', '.join(STATE_SPACE)} need the parameters, and these a column. Without either, "
                "python -m training burden prints the parameters of a task's people."
            )
            raise ConfigError(f"Columns of the burden are {what}.", hint)
        if (told := [name for name in named if name in BURDEN]) and GROWTH not in told:
            raise ConfigError(f"{told[0]} is named without {GROWTH}.", f"reasons are told by {GROWTH}: name it, too.")

    def columns(self) -> list[str]:
        """Return the feature columns, in the order in which models see them."""
        return [*self.static, *self.history_columns]

    @cached_property
    def history_columns(self) -> tuple[str, ...]:
        """The columns that are made of histories, by biomarker, look-back and those statistics that exist in it."""
        fitting = [(window, name) for window in self.look_backs for name in self.statistics if statistic(name).fits(window)]
        return tuple(f"{biomarker}__{name}__{window}" for biomarker in self.biomarkers for window, name in fitting)

    @cached_property
    def windows(self) -> tuple[str, ...]:
        """The windows that hold every value which the columns read."""
        return windows_read(self.look_backs)

    @property
    def asks_operators(self) -> bool:
        """Return whether a column asks how results were reported, as a number or below a limit."""
        treated = not TREATED.keys().isdisjoint(self.static)
        return treated or any(name == LIMIT or statistic(name).of != VALUES for name in self.statistics)

    def feature_hash(self) -> str:
        """Return the hash of everything that gives the columns their meaning (units included)."""
        units = {key: catalogue()[key].unit for key in self.biomarkers}
        content = {"definitions": DEFINITIONS_VERSION, "units": units, **asdict(self)}
        if self.burden is None:  # specifications without keep their hash
            del content["burden"]
        else:
            content["burden_of"] = [BURDEN_VERSION, *MARKERS]
            del content["burden"]["people"]  # who they are changes no column
        if BASELINE in self.look_backs or any(statistic(name).against == BASELINE for name in self.statistics):
            content["baseline_days"] = BASELINE_DAYS
        if set(self.look_backs) - {"ever"} and any(catalogue()[key].methods for key in self.biomarkers):
            content["like"] = LIKE_VERSION
        if not TREATED.keys().isdisjoint(self.static):
            content["course"] = [COURSE_VERSION, CRITERIA_VERSION]
        if any(statistic(name).operation == EXCEEDS for name in self.statistics):  # specifications without keep their hash
            content["noise"] = {"log-normal": {key: catalogue()[key].cv for key in self.biomarkers}}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> FeatureSpec:
        """Return the specification that `dataclasses.asdict` wrote."""
        burden = content.get("burden")
        parts = {name: tuple(content[name]) for name in ("biomarkers", "look_backs", "statistics", "static")}
        return cls(**parts, burden=None if burden is None else Burden(**burden))
