"""Filtration rate and corrected calcium: the figures that calculators give."""

import math

import numpy as np
import pytest

from myeloma.kidney import corrected_calcium, egfr_ckd_epi_2021


@pytest.mark.parametrize(
    ("creatinine", "age", "female", "rate"),
    [  # CKD-EPI 2021: Inker et al., N Engl J Med 2021;385:1737; the first agrees with the 71 of the National Kidney Foundation's calculator
        (1.2, 55, 0, 71.42),
        (0.9, 50, 0, 104.05),
        (0.9, 50, 1, 77.88),
        (0.7, 40, 1, 112.05),
        (0.5, 30, 1, 129.32),
        (0.5, 30, 0, 140.72),
        (1.0, 60, 1, 64.50),
        (2.0, 65, 0, 36.36),
        (2.0, 65, 1, 27.21),
        (4.0, 70, 0, 15.34),
        (1.5, 80, 1, 35.01),
        (1.9, 75, 1, 27.20),
    ],
)
def test_the_filtration_rate_is_that_of_ckd_epi_2021(creatinine, age, female, rate):
    assert float(egfr_ckd_epi_2021(creatinine, age, female)) == pytest.approx(rate, abs=0.01)


@pytest.mark.parametrize("unknown", range(3))
def test_without_creatinine_age_or_sex_there_is_no_rate(unknown):
    given = [math.nan if place == unknown else value for place, value in enumerate((1.2, 55.0, 0.0))]
    assert math.isnan(egfr_ckd_epi_2021(*given))
    np.testing.assert_array_equal(egfr_ckd_epi_2021([given[0]], [given[1]], [given[2]]), [math.nan])


@pytest.mark.parametrize(("calcium", "albumin", "corrected"), [(8.0, 2.5, 9.2), (10.6, 3.0, 11.4), (11.0, 4.0, 11.0)])
def test_calcium_corrected_for_albumin(calcium, albumin, corrected):
    assert float(corrected_calcium(calcium, albumin)) == pytest.approx(corrected, abs=0.01)
