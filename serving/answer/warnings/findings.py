"""Positive findings in pictures and of plasmacytoma, which no risk here considers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories, is_among, places
from features.history.layout import Days
from myeloma import catalogue
from myeloma.calendar import NEVER, date_of

# No risk of a precursor considers lesions. An osteolytic lesion on X-ray, CT or PET-CT, or more than one focal lesion on MRI, defines
# myeloma, and a plasmacytoma stands for the clonal marrow that an event needs (Rajkumar, Lancet Oncol 2014;15:e538). A lesion on PET
# without lysis defines nothing (Blood 2015;125:3069), and a positive PET/CT does not say which it is: the criterion stays unknown.
_MEANS = {
    "pet_ct": "an osteolytic lesion defines myeloma, one without lysis does not; which it was is not recorded",
    "plasmacytoma": "a biopsy-proven plasmacytoma with one event defines myeloma, as clonal marrow plasma cells of 10 % or more do",
}


def positive_in_words(known: Histories) -> list[str]:
    """Return a warning for each kind of finding of which the person has a positive result: the latest, and one since that is negative."""
    results, said = known.results, list[str]()
    biomarkers = places(tuple(_MEANS))
    if not is_among(results.biomarker, biomarkers).any():
        return said
    for name, place in zip(_MEANS, biomarkers.tolist(), strict=True):
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


def positive(histories: Histories, patient: NDArray[np.int32], landmark: Days) -> NDArray[np.bool_]:
    """Return where a person has had a positive result by the landmark (rows,)."""
    results, first = histories.results, np.full(len(histories.people), NEVER, np.int32)
    rows = is_among(results.biomarker, places(tuple(_MEANS))) & (results.value > 0)
    np.minimum.at(first, results.patient[rows], results.available[rows])
    found: NDArray[np.bool_] = first[patient] <= landmark
    return found
