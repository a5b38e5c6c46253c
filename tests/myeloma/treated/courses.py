"""One person's course, written down in a line: what the tests of response share."""

import math

import numpy as np

from myeloma.calendar import NEVER
from myeloma.treated.response.assessments import assessments, lines
from myeloma.treated.response.codes import CATEGORIES
from myeloma.treated.response.course import response_course

NAN = math.nan
START = 1000
# What is measurable at baseline, by path; the rest is measured and normal.
SERUM_3 = {"m_protein": 3.0, "urine_m_protein": 0.0}
FLC_ONLY = {"m_protein": 0.0, "urine_m_protein": 0.0, "flc_involved": 1000.0, "flc_uninvolved": 10.0, "flc_ratio_normal": 0.0}
URINE_ONLY = {"m_protein": 0.0, "urine_m_protein": 1000.0}
MARROW_ONLY = {**FLC_ONLY, "flc_involved": 20.0, "flc_ratio_normal": 1.0}
NEGATIVE = {"serum_immunofixation": 0.0, "urine_immunofixation": 0.0}


def visits_of(rows, days=None):
    """Return the assessments of one person, a mapping a row: the first on the day of the first dose, then every 28 days."""
    names = sorted({name for row in rows for name in row})
    day = [START + 28 * k for k in range(len(rows))] if days is None else days
    return assessments([0, len(rows)], day, **{name: [row.get(name, NAN) for row in rows] for name in names})


def course_of(rows, days=None, next_therapy=NEVER, death=NEVER, died_of_progression=NAN, **options):
    return response_course(visits_of(rows, days), lines([START], next_therapy, death, died_of_progression), **options)


def words(codes):
    return [CATEGORIES[int(code)] for code in np.atleast_1d(codes)]


def shown(rows, **options):
    """Return the category of the last row, by itself."""
    return words(course_of(rows, **options).category)[-1]
