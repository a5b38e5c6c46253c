"""Criteria of response as data: read from `criteria.yaml`, one version at a time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from myeloma.errors import ConfigError, nearest

DEFAULT_VERSION = "imwg2016"
TOLERANCE = 1e-9  # so that 2.0 - 1.5 >= 0.5 and 3.0 - 0.3 >= 90 % hold in binary arithmetic, whatever the unit


class Criteria(NamedTuple):
    """The numbers of one version, each in the unit that `criteria.yaml` states; the compiled loops take it as it is.

    `scr` and `mr` are 1 where the category is given, 0 where it is switched off.
    """

    serum_measurable: float
    urine_measurable: float
    flc_measurable: float
    marrow_measurable: float
    serum_mr: float
    serum_pr: float
    serum_vgpr: float
    urine_mr: float
    urine_pr: float
    urine_pr_below: float
    urine_vgpr_below: float
    flc_pr: float
    flc_vgpr: float
    marrow_pr: float
    marrow_cr_below: float
    serum_quantified: float
    pd_share: float
    pd_serum: float
    pd_serum_high: float
    pd_serum_high_from: float
    pd_urine: float
    pd_flc_above: float
    pd_marrow: float
    pd_marrow_is_level: float
    calcium_above: float
    hemoglobin_below: float
    hemoglobin_fall: float
    creatinine_rise: float
    doubling_within: float
    doubling_from: float
    relapse_serum: float
    relapse_urine: float
    relapse_flc: float
    relapse_share: float
    drug_band_most: float
    late_confirmation: float
    scr: float
    mr: float


@cache
def _file() -> dict[str, Any]:
    return dict(yaml.safe_load(Path(__file__).with_name("criteria.yaml").read_text(encoding="utf-8")))


def criteria(version: str = DEFAULT_VERSION, scr: bool = True, mr: bool = True) -> Criteria:
    """Return the criteria of one version.

    Parameters
    ----------
    version : str
        A name in `criteria.yaml`.
    scr, mr : bool
        Whether stringent complete response and minimal response are given. The other categories do not depend on them.

    Raises
    ------
    ConfigError
        The version is not known, or is a named slot that holds no criteria yet.

    Examples
    --------
    >>> criteria().calcium_above, criteria("imwg2011").calcium_above
    (11.0, 11.5)
    """
    return Criteria(**_values(version), scr=float(scr), mr=float(mr))


def citation(version: str = DEFAULT_VERSION) -> str:
    """Return where a version of the criteria was published."""
    return str(_version(version)["citation"])


def _version(version: str) -> dict[str, Any]:
    known = [name for name, held in _file().items() if held]
    if version not in _file():
        raise ConfigError(f'Unknown criteria of response "{version}".', nearest(version, known), "unknown_criteria")
    if not _file()[version]:
        raise ConfigError(
            f'The criteria "{version}" are announced but not published: there is nothing to judge a response by.',
            f"Accepted: {', '.join(known)}; scr=False and mr=False leave out the categories that the revision is said to remove.",
            "unknown_criteria",
        )
    return dict(_file()[version])


def _values(version: str) -> dict[str, float]:
    held = _version(version)
    base = _values(held["based_on"]) if "based_on" in held else {}
    return base | {name: float(entry["value"]) for name, entry in held["values"].items()}
