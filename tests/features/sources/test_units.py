"""A unit behind a result is the row's own, or the result is none."""

import pandas as pd
import pytest

from features.sources.cells import cells_of
from features.sources.units import values_without_units, without_unit


@pytest.mark.parametrize(
    ("text", "biomarker", "unit", "left"),
    [
        *((">60%", "bmpc", "%", ">60"), (">=60 %", "bmpc", "%", ">=60"), ("≥60%", "bmpc", "%", "≥60"), ("20 %", "BMPC", "%", "20")),
        *(("1,5 g/l", "m_protein", "g/L", "1,5"), ("1 200 mg/L", "flc_kappa", "mg/L", "1 200"), ("1e-5 1", "mrd", "1", "1e-5 1")),
        # Another unit than the row's, no unit of the biomarker, or none in the row: nothing is guessed.
        *(
            ("15 g/L", "m_protein", "g/dL", "15 g/L"),
            ("20 H", "bmpc", "%", "20 H"),
            ("20 %", "bmpc", "", "20 %"),
            ("10-20 %", "bmpc", "%", "10-20 %"),
        ),
    ],
)
def test_a_unit_behind_a_result_is_cut_off_where_it_is_the_rows_own(text, biomarker, unit, left):
    assert without_unit(text, biomarker, unit) == left


def test_a_column_in_which_nothing_stands_behind_results_is_returned_as_it_is():
    values = pd.Series(["1.5", "<0.1", "negative", ""])
    assert values_without_units(cells_of(pd.Series(["bmpc"] * 4)), values, cells_of(pd.Series(["%"] * 4))) is values


def test_only_the_rows_of_the_unit_change():
    values, names, units = pd.Series(["60%", "60%", "1"]), pd.Series(["bmpc", "m_protein", "bmpc"]), pd.Series(["%", "g/L", "%"])
    assert values_without_units(cells_of(names), values, cells_of(units)).tolist() == ["60", "60%", "1"]
