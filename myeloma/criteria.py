"""Myeloma-defining events (SLiM-CRAB), three-valued: met, not met, unknown. A guard, not a diagnosis.

Rajkumar et al., Lancet Oncol 2014;15:e538. Active myeloma needs clonal marrow plasma cells >= 10 % or a plasmacytoma, and one
of the events, attributable to the plasma cell disorder: that is the clinician's to judge, so software only flags.

An event with several limbs is met where one of them is, and not met only where all are known to fail. Two limbs need more than
the result: a laboratory's own limit, and a clearance. Where the limit is not given, it is taken to be whatever would make the limb
hold most easily among published ones: what fails even then is not met, what would not is unknown. No event is met on a limit
that nobody gave.

The clearance is estimated by the filtration rate (CKD-EPI 2021; see `myeloma.kidney`): the one computed here from creatinine, age and
sex, and one that a laboratory reported by the same equation. The later of the two counts. Where both are of one day, they must agree: of
two that lie on either side of 40 neither counts, and the limb is open. Without a creatinine, a reported rate also says that creatinine
is at most 2 mg/dL where it is no lower than the rate that 2 mg/dL would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from myeloma.kidney import egfr_ckd_epi_2021
from myeloma.laid_out import laid_out
from myeloma.units import to_canonical

Array = NDArray[np.float64]
Status = Literal["met", "not met", "unknown"]

CONDITION = (
    "An event defines myeloma only with clonal marrow plasma cells >= 10 % or a biopsy-proven plasmacytoma, and where it is "
    "attributable to the plasma cell disorder: for a clinician to judge (Rajkumar, Lancet Oncol 2014;15:e538)."
)
CALCIUM_ABOVE_MG_DL = 11.0
CALCIUM_OVER_LIMIT_MG_DL = 1.0  # above the laboratory's upper limit
CREATININE_ABOVE_MG_DL = 2.0
CLEARANCE_BELOW_ML_MIN = 40.0
HEMOGLOBIN_BELOW_G_DL = 10.0
HEMOGLOBIN_UNDER_LIMIT_G_DL = 2.0  # below the laboratory's lower limit
BMPC_FROM_PERCENT = 60.0
FLC_RATIO_FROM = 100.0
INVOLVED_FLC_FROM_MG_L = 100.0
# The same two limits as the publication prints them in SI units: rounded up, from 2.745 mmol/L and 176.8 umol/L. Those in mg/dL decide.
LIMITS_IN_SI = {
    "calcium": ("calcium", CALCIUM_ABOVE_MG_DL, 2.75, "mmol/L"),
    "renal": ("creatinine", CREATININE_ABOVE_MG_DL, 177.0, "umol/L"),
}

# What an unknown limit of a laboratory is taken to be at the most (hemoglobin, its lower limit) or at the least (calcium, its upper
# one). Hemoglobin: men 14 (Merck Manual; Mayo Clinic 13.5), women 12 (both) g/dL. Calcium: 10.1 (the lowest of three upper limits,
# 10.1, 10.2 and 10.5 mg/dL, of adult reference tables).
HIGHEST_HEMOGLOBIN_LIMIT_G_DL = {"women": 12.0, "men": 14.0}
LOWEST_CALCIUM_LIMIT_MG_DL = 10.1
YOUNGEST, OLDEST = 18.0, 120.0  # years: what an unknown age lies between, the equation being for adults
_TOLERANCE = 1e-9  # so that 13.3 - 11.3 is not more than 2


@dataclass(frozen=True)
class Criterion:
    """One event, and the biomarker that decides it (the light chains: with a second; limbs may need more)."""

    key: str
    label: str
    biomarker: str


CRITERIA = (
    Criterion("calcium", "calcium > 11 mg/dL, or > 1 mg/dL above the laboratory's upper limit", "calcium"),
    Criterion("renal", "creatinine > 2 mg/dL, or creatinine clearance < 40 mL/min", "creatinine"),
    Criterion("anemia", "hemoglobin < 10 g/dL, or > 2 g/dL below the laboratory's lower limit", "hemoglobin"),
    Criterion("marrow", "clonal marrow plasma cells >= 60 %", "bmpc"),
    Criterion("light_chains", "involved / uninvolved ratio >= 100 with an involved chain >= 100 mg/L", "flc_ratio"),
    Criterion("bone", "osteolytic lesion (on CT: >= 5 mm)", "bone_lesion"),
    Criterion("mri", "more than one focal lesion of at least 5 mm on MRI", "mri_focal_lesions"),
)

# The events that old age or another illness does not bring about: whoever meets one is no precursor, whatever else is asked of a task.
# Calcium, creatinine and hemoglobin have other causes in many; of lesions nothing is known here.
WITHOUT_OTHER_CAUSE = ("marrow", "light_chains")

# The laboratory's own limits, in canonical units. No source gives them yet.
LABORATORY_LIMITS = ("hemoglobin_lower_limit", "calcium_upper_limit")
RENAL_INPUTS = ("creatinine__age_days", "egfr_reported", "egfr_reported__age_days")
CRITERIA_INPUTS = (*(one.biomarker for one in CRITERIA), "flc_involved", "age", "female", *RENAL_INPUTS, *LABORATORY_LIMITS)


@dataclass(frozen=True)
class Finding:
    """One criterion of one person: its status, the value it rests on (canonical unit), and what else decided or is lacking."""

    criterion: Criterion
    status: Status
    value: float | None
    note: str = ""


def statuses(values: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return, for each criterion, 1 where it is met, 0 where not, NaN where unknown.

    Parameters
    ----------
    values : mapping
        Arrays of one shape, in canonical units, NaN where unknown: calcium, creatinine, hemoglobin, bmpc, flc_ratio,
        flc_involved (mg/L), bone_lesion (0/1), mri_focal_lesions (a number), age (years), female (0/1), egfr_reported
        (mL/min/1.73 m2), creatinine__age_days and egfr_reported__age_days (how old they are), and the laboratory's
        hemoglobin_lower_limit (g/dL) and calcium_upper_limit (mg/dL). What is absent is unknown; rates of unknown days are of one day.
    """
    shape, rows = laid_out(values, CRITERIA_INPUTS)
    of_rates, found = np.empty((3, 3, rows.shape[1])), np.empty((len(CRITERIA), rows.shape[1]))
    _ask_for_rates(rows, of_rates)
    _judge(rows, egfr_ckd_epi_2021(*of_rates), found)
    return {one.key: status.reshape(shape) for one, status in zip(CRITERIA, found, strict=True)}


def findings(values: Mapping[str, float | None], judged: Mapping[str, ArrayLike] | None = None) -> list[Finding]:
    """Return every criterion for one person, with the value it rests on.

    Parameters
    ----------
    judged : mapping, optional
        What `statuses` gives for the values, each a single number, where it is known already.
    """
    known = {name: np.nan if value is None else float(value) for name, value in values.items()}
    status = {key: float(np.asarray(value).item()) for key, value in (judged or statuses(known)).items()}
    words: dict[float, Status] = {1.0: "met", 0.0: "not met"}
    found = []
    for criterion in CRITERIA:
        value = known.get(criterion.biomarker, np.nan)
        said = words.get(status[criterion.key], "unknown")
        measured = not np.isnan(value) or (criterion.key == "renal" and not np.isnan(known.get("egfr_reported", np.nan)))
        note = _note(criterion.key, said, known) if measured else ""
        found.append(Finding(criterion, said, None if np.isnan(value) else value, note))
    return found


# Places among `CRITERIA_INPUTS`, as the compiled rules take them.
_CALCIUM, _CREATININE, _HEMOGLOBIN, _MARROW, _RATIO, _LESION, _FOCAL, _CHAIN, _AGE, _FEMALE, _CREATININE_AGE, _REPORTED, _REPORTED_AGE = (
    range(13)
)
_LEAST_HEMOGLOBIN, _MOST_CALCIUM = 13, 14
_WOMEN, _MEN = HIGHEST_HEMOGLOBIN_LIMIT_G_DL["women"], HIGHEST_HEMOGLOBIN_LIMIT_G_DL["men"]


@njit(cache=True, nogil=True)
def _ask_for_rates(rows: Array, asked: Array) -> None:
    """Write creatinine, age and sex for the lowest and highest rate that an unknown age or sex leaves, and the highest at 2 mg/dL."""
    for r in range(rows.shape[1]):
        creatinine, age, female = rows[_CREATININE, r], rows[_AGE, r], rows[_FEMALE, r]
        asked[0, 0, r], asked[0, 1, r], asked[0, 2, r] = creatinine, creatinine, CREATININE_ABOVE_MG_DL
        for k in range(3):
            asked[1, k, r] = age if not np.isnan(age) else OLDEST if k == 0 else YOUNGEST
            asked[2, k, r] = female if not np.isnan(female) else 1.0 if k == 0 else 0.0


@njit(cache=True, nogil=True)
def _judge(rows: Array, rates: Array, found: Array) -> None:
    """Write each of `CRITERIA`, in their order."""
    for r in range(rows.shape[1]):
        one = rows[:, r]
        found[0, r] = _calcium(one[_CALCIUM], one[_MOST_CALCIUM])
        found[1, r] = _renal(one, rates[0, r], rates[1, r], rates[2, r])
        found[2, r] = _anemia(one[_HEMOGLOBIN], one[_LEAST_HEMOGLOBIN], one[_FEMALE])
        found[3, r] = _decided(one[_MARROW] >= BMPC_FROM_PERCENT, one[_MARROW] < BMPC_FROM_PERCENT)
        found[4, r] = _decided(
            one[_RATIO] >= FLC_RATIO_FROM and one[_CHAIN] >= INVOLVED_FLC_FROM_MG_L,
            one[_RATIO] < FLC_RATIO_FROM or one[_CHAIN] < INVOLVED_FLC_FROM_MG_L,
        )
        found[5, r] = _decided(one[_LESION] > 0, one[_LESION] <= 0)
        found[6, r] = _decided(one[_FOCAL] > 1, one[_FOCAL] <= 1)


@njit(cache=True, nogil=True)
def _decided(met: bool, fails: bool) -> float:
    """Return 1 where met, 0 where every limb fails, NaN where neither is known (a comparison with NaN is neither)."""
    return 1.0 if met else 0.0 if fails else np.nan


@njit(cache=True, nogil=True)
def _calcium(calcium: float, upper_limit: float) -> float:
    at_least = LOWEST_CALCIUM_LIMIT_MG_DL if np.isnan(upper_limit) else upper_limit
    met = calcium > CALCIUM_ABOVE_MG_DL or calcium - upper_limit > CALCIUM_OVER_LIMIT_MG_DL + _TOLERANCE
    return _decided(met, calcium <= CALCIUM_ABOVE_MG_DL and calcium - at_least <= CALCIUM_OVER_LIMIT_MG_DL + _TOLERANCE)


@njit(cache=True, nogil=True)
def _anemia(hemoglobin: float, lower_limit: float, female: float) -> float:
    at_most = lower_limit if not np.isnan(lower_limit) else _WOMEN if female == 1.0 else _MEN
    met = hemoglobin < HEMOGLOBIN_BELOW_G_DL or lower_limit - hemoglobin > HEMOGLOBIN_UNDER_LIMIT_G_DL + _TOLERANCE
    return _decided(met, hemoglobin >= HEMOGLOBIN_BELOW_G_DL and at_most - hemoglobin <= HEMOGLOBIN_UNDER_LIMIT_G_DL + _TOLERANCE)


@njit(cache=True, nogil=True)
def _renal(one: Array, lowest: float, highest: float, at_the_limit: float) -> float:
    """Return the renal criterion; an unknown age or sex leaves a range of rates, and what all of it says is known."""
    creatinine, reported = one[_CREATININE], one[_REPORTED]
    computed = highest < CLEARANCE_BELOW_ML_MIN, lowest >= CLEARANCE_BELOW_ML_MIN
    told = reported < CLEARANCE_BELOW_ML_MIN, reported >= CLEARANCE_BELOW_ML_MIN
    if one[_CREATININE_AGE] < one[_REPORTED_AGE]:  # the later counts, else they must agree
        low, kept = computed
    elif one[_REPORTED_AGE] < one[_CREATININE_AGE]:
        low, kept = told
    else:
        low = (computed[0] and not told[1]) or (told[0] and not computed[1])
        kept = (computed[1] and not told[0]) or (told[1] and not computed[0])
    normal = creatinine <= CREATININE_ABOVE_MG_DL or (np.isnan(creatinine) and reported >= at_the_limit)
    return _decided(creatinine > CREATININE_ABOVE_MG_DL or low, normal and kept)


def _renal_note(status: Status, known: Mapping[str, float]) -> str:
    """Return by which clearance the renal criterion was decided, and what was said against it."""
    creatinine, age, female, creatinine_age, reported, reported_age = (
        known.get(name, np.nan) for name in ("creatinine", "age", "female", *RENAL_INPUTS)
    )
    rate = float(egfr_ckd_epi_2021(creatinine, age, female))
    decides = "met by" if status == "met" and not creatinine > CREATININE_ABOVE_MG_DL else "with"
    computed = f"an estimated clearance: eGFR {rate:.1f} mL/min/1.73 m2 by CKD-EPI 2021, from creatinine, age and sex"
    if np.isnan(reported):
        return (
            f"{decides} {computed}" if np.isfinite(rate) else "without age and sex no clearance is estimated" if status == "unknown" else ""
        )
    told = f"a reported eGFR of {reported:.3g} mL/min/1.73 m2"
    if np.isnan(creatinine):
        return f"{decides} {told}, an estimate of the clearance" + ("; creatinine itself is not known" if status == "unknown" else "")
    if reported_age < creatinine_age:
        return f"{decides} {told}, an estimate of the clearance, later than creatinine"
    if not np.isfinite(rate):
        return f"{decides} {told}; without age and sex no clearance is estimated from creatinine"
    if creatinine_age < reported_age:
        return f"{decides} {computed}; {told} is earlier and does not count"
    contradicts = (rate < CLEARANCE_BELOW_ML_MIN) != (reported < CLEARANCE_BELOW_ML_MIN)
    return f"{decides} {computed}; {told} " + ("contradicts it, so neither counts" if contradicts else "agrees")


def _in_si_note(key: str, known: Mapping[str, float]) -> str:
    """Return that a value is above the limit in mg/dL alone, where it is not above the one that is published in SI units."""
    name, above, limit, unit = LIMITS_IN_SI[key]
    if above < known.get(name, np.nan) <= to_canonical(name, limit, unit):
        return f"above {above:g} mg/dL, which decides, and not above the limit published in SI units, {limit:g} {unit}"
    return ""


def _note(key: str, status: Status, known: Mapping[str, float]) -> str:
    """Return what a status rests on beside the value, or what is lacking for one."""
    said = [_in_si_note(key, known)] if status == "met" and key in LIMITS_IN_SI else []
    if key == "renal":
        said.append(_renal_note(status, known))
    elif status == "unknown" and key in ("anemia", "calcium"):
        said.append(f"the laboratory's {'lower' if key == 'anemia' else 'upper'} limit, which would decide, is not known")
    return "; ".join(part for part in said if part)
