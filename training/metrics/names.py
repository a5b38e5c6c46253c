"""The name of a figure in MLflow, formatted and parsed here alone: `<measure>_<horizon>m[_at_<threshold>][_<subset>][_minus_<other>][_lo]`.

What follows a name says one thing each: `_at_0.10` the threshold that is acted from, `_at_2y` a fixed landmark, `_at_sex_female` a
subgroup, `_at_site_east` the people of a site, `_site_east` that site judged by a model that saw none of it, `_without_bmpc` everybody
with a biomarker hidden, `_minus_cox` a difference, `_lo` and `_hi` the bounds of the 95 % interval. A table holds the same text in its
column `subset`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from training.plan import READ_OTHERWISE

BOOTSTRAP_DRAWS = "bootstrap_draws"  # of how many draws a run's intervals are
OF_FIRST_VISITS = "first_visits"  # each person's first row alone
EXPECTED_AUC_OF_VISITS = "expected_auc_of_visits"  # in a case mix: of the visits that the AUC is of; `expected_auc` is of first ones there
PER_PERSON = "per_person"  # the rows of all visits, each person counting once a year
_NAME = re.compile(
    r"(?P<measure>[a-z][a-z0-9_]*?)_(?P<horizon>\d+)m"
    r"(?:_at_(?P<threshold>\d+\.\d\d+)(?=_|$))?"
    r"(?:_(?!lo$|hi$|minus_)(?P<subset>.+?))?"
    r"(?:_minus_(?P<minus>.+?))?"
    r"(?:_(?P<bound>lo|hi))?"
)
_LANDMARK = re.compile(r"at_(\d+(?:\.\d+)?)y")
_REFUSED = re.compile(r"[^\w.-]+")  # by MLflow, or by a file system
_MISREAD = re.compile(rf"{READ_OTHERWISE.pattern}|-[0-9a-f]{{6}}$")  # a bound, a difference, or told apart already


@dataclass(frozen=True)
class Metric:
    """One figure of one model: what is measured, within how many months, acting from which risk, on whom, and beside which model."""

    measure: str
    horizon: int
    threshold: float | None = None
    subset: str = ""  # all visits
    minus: str = ""
    bound: str = ""  # "lo" or "hi", of the interval

    @property
    def name(self) -> str:
        """Return the name under which MLflow keeps the figure.

        Examples
        --------
        >>> Metric("auc", 24).name, Metric("net_benefit", 24, 0.1, minus="cox", bound="lo").name
        ('auc_24m', 'net_benefit_24m_at_0.10_minus_cox_lo')
        """
        at = "" if self.threshold is None else f"_at_{np.format_float_positional(self.threshold, min_digits=2)}"
        parts = (self.subset, self.minus and f"minus_{self.minus}", self.bound)
        return f"{self.measure}_{self.horizon}m{at}{''.join(f'_{part}' for part in parts if part)}"

    @property
    def with_bounds(self) -> tuple[str, str, str]:
        """Return the names of the estimate and of the bounds of its interval."""
        return self.name, replace(self, bound="lo").name, replace(self, bound="hi").name

    @classmethod
    def parse(cls, name: str) -> Metric | None:
        """Return the metric of a name, None where the name is not of this grammar.

        Examples
        --------
        >>> Metric.parse("oe_ratio_24m_at_sex_female_hi")
        Metric(measure='oe_ratio', horizon=24, threshold=None, subset='at_sex_female', minus='', bound='hi')
        >>> Metric.parse("changed") is None
        True
        """
        if not (found := _NAME.fullmatch(name)):
            return None
        measure, horizon, threshold, *rest = found.groups(default="")
        return cls(measure, int(horizon), float(threshold) if threshold else None, *rest)


def landmark_subset(years: float) -> str:
    """Return the subset of those at risk so many years after the index date.

    Examples
    --------
    >>> landmark_subset(2), landmark_subset(0.5)
    ('at_2y', 'at_0.5y')
    """
    return f"at_{years:g}y"


def landmark_years(subset: str) -> float | None:
    """Return the years of a fixed landmark, None where a subset is none.

    Examples
    --------
    >>> landmark_years("at_0.5y"), landmark_years("at_sex_female")
    (0.5, None)
    """
    found = _LANDMARK.fullmatch(subset)
    return float(found.group(1)) if found else None


def without_subset(biomarker: str) -> str:
    """Return the subset of everybody, with a biomarker hidden.

    Examples
    --------
    >>> without_subset("m_protein")
    'without_m_protein'
    """
    return f"without_{biomarker}"


def subgroup_subsets(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the subset of each grouping and group, no two alike; of the grouping, what stands before its unit.

    Examples
    --------
    >>> subgroup_subsets([("sex", "female"), ("age, years", "below 65")])
    {('sex', 'female'): 'at_sex_female', ('age, years', 'below 65'): 'at_age_below_65'}
    """
    joined = {pair: f"{pair[0].split(',')[0]}_{pair[1]}" for pair in dict.fromkeys(pairs)}
    return {pair: f"at_{plain}" for pair, plain in zip(joined, _plain(list(joined.values())), strict=True)}


def site_subsets(sites: Iterable[str]) -> dict[str, str]:
    """Return the subset of each site's people, no two alike, as `subgroup_subsets` names them."""
    return {site: subset for (_, site), subset in subgroup_subsets(("site", site) for site in sites).items()}


def left_out_subsets(sites: Iterable[str]) -> dict[str, str]:
    """Return the subset of each site that is judged by a model which saw none of it, no two alike.

    Examples
    --------
    >>> left_out_subsets(["south wing", "east"])
    {'south wing': 'site_south_wing', 'east': 'site_east'}
    """
    return {site: subset.removeprefix("at_") for site, subset in site_subsets(sites).items()}


def _plain(texts: list[str]) -> list[str]:
    """Return each text as a name can hold it; where two would be alike (in any case of letters) or misread, with a mark of its own.

    All that are alike get the mark: were one left without, it would be taken for the other in a run that has only that one.
    """
    plain = [_REFUSED.sub("_", text) for text in texts]
    times = Counter(name.casefold() for name in plain)
    marks = (hashlib.sha256(text.encode()).hexdigest()[:6] for text in texts)
    return [
        f"{name}-{mark}" if times[name.casefold()] > 1 or _MISREAD.search(name) else name for name, mark in zip(plain, marks, strict=True)
    ]
