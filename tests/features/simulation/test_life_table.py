"""The life table is the one its README names, and death follows it."""

import hashlib

import numpy as np
import pytest

from features.simulation.life_table import PATH, age_at_death, cumulative_death_rate, death_rate


def test_the_file_is_the_one_named_by_its_checksum_with_its_licence_beside_it():
    text = (PATH.parent / "README.md").read_text()
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() in text
    assert "GNU LIBRARY GENERAL PUBLIC LICENSE" in (PATH.parent / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("age", "female", "rate"),
    # R, survival 3.5-3: survexp.us[age + 1, sex, "2014"] * 365.25
    [(30, True, 0.00067823), (65, False, 0.01571890), (65, True, 0.00977159), (75, False, 0.03595158), (109, True, 0.87929468)],
)
def test_known_rates(age, female, rate):
    assert death_rate(age, female) == pytest.approx(rate, abs=1e-8)


def test_a_rate_holds_from_one_birthday_to_the_next_and_the_last_one_for_ever():
    assert death_rate(65.99, False) == death_rate(65.0, False) < death_rate(66.0, False)
    assert death_rate(150.0, True) == death_rate(109.0, True)


def test_one_year_survival_is_that_of_survexp():
    # R: summary(survexp(~1, data = data.frame(age = 65 * 365.25, sex = "male", year = as.Date("2014-06-01")),
    #    ratetable = survexp.us, times = 365.25)) gives 0.984
    assert np.exp(-(cumulative_death_rate(66.0, False) - cumulative_death_rate(65.0, False))) == pytest.approx(0.984, abs=5e-4)


def test_the_added_rate_is_the_sum_of_the_parts_of_each_year():
    between = cumulative_death_rate(67.25, True) - cumulative_death_rate(65.5, True)
    assert between == pytest.approx(0.5 * death_rate(65, True) + death_rate(66, True) + 0.25 * death_rate(67, True))


def test_ages_below_the_table_are_refused():
    with pytest.raises(ValueError, match="age 30"):
        cumulative_death_rate(29.9, True)


@pytest.mark.parametrize("female", [True, False])
def test_the_age_at_death_uses_up_the_draw_exactly(female):
    age, draw = np.array([31.0, 64.3, 89.9, 105.0]), np.array([4.0, 0.5, 1e-9, 9.0])
    died = age_at_death(age, female, draw)
    assert cumulative_death_rate(died, female) - cumulative_death_rate(age, female) == pytest.approx(draw)
    assert (died >= age).all()
