"""Lesions and plasmacytomas that were found: no risk of a precursor considers them, so whoever reads one is told.

An osteolytic lesion on X-ray, CT or PET-CT, or more than one focal lesion on MRI, is an event that defines myeloma, and a plasmacytoma
stands for the clonal marrow that an event needs (Rajkumar, Lancet Oncol 2014;15:e538). A lesion on PET without lysis defines nothing
(Blood 2015;125:3069). A positive PET/CT does not say which of them it is: the criterion stays unknown, and the finding is said.
"""

from __future__ import annotations

import numpy as np

from features.history.arrays import Histories, is_among, places
from myeloma import catalogue
from myeloma.calendar import date_of

_MEANS = {
    "pet_ct": "an osteolytic lesion defines myeloma, one without lysis does not; which it was is not recorded",
    "plasmacytoma": "a biopsy-proven plasmacytoma with one event defines myeloma, as clonal marrow plasma cells of 10 % or more do",
}
_NAMES = tuple(_MEANS)


def found_in_pictures(known: Histories) -> list[str]:
    """Return a warning for each kind of finding of which the person has a positive result: the latest, and one since that is negative."""
    results, said = known.results, list[str]()
    biomarkers = places(_NAMES)
    if not is_among(results.biomarker, biomarkers).any():
        return said
    for name, place in zip(_NAMES, biomarkers.tolist(), strict=True):
        rows = np.flatnonzero(results.biomarker == place)
        if not len(rows):
            continue
        positive = rows[results.value[rows] > 0]
        if len(positive):
            day, last = int(results.collected[positive].max()), int(results.collected[rows].max())
            later = f", negative on {date_of(last)}" if last > day else ""
            said.append(
                f"positive: {catalogue()[name].name}, on {date_of(day)}{later}: {_MEANS[name]}; no risk here considers it: clinician review"
            )
    return said
