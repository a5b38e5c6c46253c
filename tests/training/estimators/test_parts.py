"""Fits to parts of the same rows that share work: all of them together are a fit as by itself, and a part knows no outcome of the rest."""

import numpy as np
import pytest

from tests.model_kinds import COLUMNS, HORIZONS, fitted, people
from training.estimators import KINDS
from training.estimators.kinds.boosting import fit_boosting, parts_of_rows

HALF = np.arange(400) % 2 == 0


def options(**changed):
    return KINDS["boosting"].checked(KINDS["boosting"].example | changed, "models.boosting", COLUMNS, [])


def fits(x, rows, **changed):
    return parts_of_rows(x, rows, COLUMNS, HORIZONS, **options(**changed))


@pytest.mark.parametrize("kind", sorted(name for name, kind in KINDS.items() if kind.parts is not None))
def test_a_fit_to_all_rows_is_that_of_the_kind_to_the_last_bit(kind):
    x, rows = people()
    one = KINDS[kind].parts(x, rows, COLUMNS, HORIZONS, **options())(np.ones(len(rows), dtype=bool))
    assert one.margins(x).tobytes() == fitted(kind).margins(x).tobytes()


def test_a_part_is_fitted_to_itself_in_bins_of_all():
    x, rows = people()
    x = np.round(x, 1)  # so few values that each has a bin of its own: those of the part are the same
    found, alone = fits(x, rows)(HALF), fit_boosting(x[HALF], rows[HALF], COLUMNS, HORIZONS, **options())
    assert np.abs(found.margins(x) - alone.margins(x)).max() < 0.05
    assert np.corrcoef(found.margins(x).ravel(), alone.margins(x).ravel())[0, 1] > 0.99


def test_the_outcomes_of_rows_left_out_have_no_say():
    x, rows = people()
    other = rows.copy()
    other.loc[~HALF, ["event", "time_to_event"]] = rows.loc[~HALF, ["event", "time_to_event"]].to_numpy()[::-1]
    other = other.astype(rows.dtypes)
    assert fits(x, other)(HALF).margins(x).tobytes() == fits(x, rows)(HALF).margins(x).tobytes()
    assert fits(x, other)(~HALF).margins(x).tobytes() != fits(x, rows)(~HALF).margins(x).tobytes()


def test_fits_in_any_order_are_the_same_to_the_last_bit():
    x, rows = people()
    one, other = fits(x, rows), fits(x, rows)
    first = one(HALF).margins(x)
    other(~HALF)
    assert other(HALF).margins(x).tobytes() == first.tobytes() == one(HALF).margins(x).tobytes()
