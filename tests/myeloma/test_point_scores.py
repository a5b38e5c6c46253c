"""Point scores against their publications: every cut-off at, above and below, every group, every published risk."""

import itertools

import pytest

from myeloma.scores import POINT_SCORES

# Expected values: the publications that each score cites, worked out by hand from their tables.


def result_of(key, **inputs):
    return POINT_SCORES[key].evaluate(**inputs)


def group_and_risks(key, **inputs):
    result = result_of(key, **inputs)
    assert result.missing == ()
    assert result.possible == (result.category,)
    return result.points, result.category, result.risks


@pytest.mark.parametrize(
    ("m_protein", "flc_ratio", "bmpc", "group", "risk_24m"),
    [  # Lakshman 2018; Mateos 2020
        (2.0, 20, 20, "low", 0.062),
        (2.1, 20, 20, "intermediate", 0.179),
        (2.1, 20.1, 10, "high", 0.442),
        (2.1, 20.1, 21, "high", 0.442),
    ],
)
def test_20_2_20(m_protein, flc_ratio, bmpc, group, risk_24m):
    _, category, risks = group_and_risks("mayo_2018", m_protein=m_protein, flc_ratio=flc_ratio, bmpc=bmpc)
    assert (category, risks[24]) == (group, risk_24m)


GROUPS_WITH_FISH = [("low", 0.06), ("low-intermediate", 0.23), ("intermediate", 0.46), ("high", 0.63), ("high", 0.63)]


@pytest.mark.parametrize("present", list(itertools.product([0, 1], repeat=4)))
def test_20_2_20_with_fish_counts_four_factors(present):  # Mateos 2020: 0 / 1 / 2 / >= 3
    bmpc, m_protein, flc_ratio, fish = present
    inputs = {"bmpc": [20, 20.1][bmpc], "m_protein": [2.0, 2.1][m_protein], "flc_ratio": [20, 20.1][flc_ratio], "fish_high_risk": fish}
    group, risk = GROUPS_WITH_FISH[sum(present)]
    assert group_and_risks("mayo_2018_fish", **inputs) == (sum(present), group, {24: risk})


NO_POINTS = {"flc_ratio": 1, "m_protein": 0, "bmpc": 10, "fish_high_risk": 0}


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [  # Rajkumar 2022, table 2
        *[("flc_ratio", value, points) for value, points in [(1, 0), (10, 0), (10.1, 2), (25, 2), (25.1, 3), (40, 3), (40.1, 5)]],
        *[("m_protein", value, points) for value, points in [(0, 0), (1.5, 0), (1.6, 3), (2.9, 3), (3.0, 3), (3.1, 4)]],
        *[("bmpc", value, points) for value, points in [(15, 0), (16, 2), (20, 2), (21, 3), (30, 3), (31, 5), (40, 5), (41, 6)]],
        *[("fish_high_risk", value, points) for value, points in [(0, 0), (1, 2)]],
    ],
)
def test_imwg_points_of_one_factor(name, value, points):
    assert group_and_risks("imwg_2020", **{**NO_POINTS, name: value})[0] == points


@pytest.mark.parametrize(
    ("flc_ratio", "m_protein", "bmpc", "fish", "points", "group", "risk_24m"),
    [  # groups 0-4 / 5-8 / 9-12 / > 12
        (1, 0, 10, 0, 0, "low", 0.038),
        (1, 3.1, 10, 0, 4, "low", 0.038),
        (41, 0, 10, 0, 5, "low-intermediate", 0.26),
        (41, 2, 10, 0, 8, "low-intermediate", 0.26),
        (41, 3.1, 10, 0, 9, "intermediate", 0.51),
        (1, 3.1, 41, 1, 12, "intermediate", 0.51),
        (41, 0, 41, 1, 13, "high", 0.73),
        (40.1, 3.1, 41, 1, 17, "high", 0.73),  # the highest total
    ],
)
def test_imwg_groups(flc_ratio, m_protein, bmpc, fish, points, group, risk_24m):
    inputs = {"flc_ratio": flc_ratio, "m_protein": m_protein, "bmpc": bmpc, "fish_high_risk": fish}
    assert group_and_risks("imwg_2020", **inputs) == (points, group, {24: risk_24m})


def test_imwg_totals_go_to_17_and_never_are_1():
    cases = itertools.product((1, 11, 26, 41), (0, 2, 4), (10, 16, 21, 31, 41), (0, 1))
    totals = {result_of("imwg_2020", flc_ratio=f, m_protein=m, bmpc=b, fish_high_risk=h).points for f, m, b, h in cases}
    assert max(totals) == 17
    assert 1 not in totals


MAYO_2008 = [("no factor", {}), ("low", {60: 0.25}), ("intermediate", {60: 0.51}), ("high", {60: 0.76})]


@pytest.mark.parametrize(
    ("bmpc", "m_protein", "kappa_lambda_ratio", "factors"),
    [  # Dispenzieri 2008: all three cut-offs count themselves
        (9.9, 2.9, 1.0, 0),
        (10, 2.9, 1.0, 1),
        (9.9, 3.0, 1.0, 1),
        (9.9, 2.9, 0.125, 1),
        (9.9, 2.9, 0.126, 0),
        (9.9, 2.9, 7.99, 0),
        (9.9, 2.9, 8, 1),
        (10, 3.0, 7.9, 2),
        (10, 3.0, 8, 3),
        (10, 3.0, 0.1, 3),
    ],
)
def test_mayo_2008(bmpc, m_protein, kappa_lambda_ratio, factors):
    found = group_and_risks("mayo_2008", bmpc=bmpc, m_protein=m_protein, kappa_lambda_ratio=kappa_lambda_ratio)
    assert found == (factors, *MAYO_2008[factors])


@pytest.mark.parametrize(
    ("aberrant", "immunoparesis", "factors", "group", "risk_60m"),
    [(94.9, 0, 0, "low", 0.04), (95, 0, 1, "intermediate", 0.46), (94.9, 1, 1, "intermediate", 0.46), (95, 1, 2, "high", 0.72)],
)
def test_pethema(aberrant, immunoparesis, factors, group, risk_60m):
    found = group_and_risks("pethema", aberrant_plasma_cells=aberrant, immunoparesis=immunoparesis)
    assert found == (factors, group, {60: risk_60m})


@pytest.mark.parametrize(
    ("bmpc", "m_protein", "group"),
    [(10, 3.0, "group 1"), (10, 2.9, "group 2"), (9.9, 3.0, "group 3"), (9.9, 2.9, "neither")],
)
def test_kyle_groups_carry_no_unconfirmed_risk(bmpc, m_protein, group):
    _, category, risks = group_and_risks("kyle_2007", bmpc=bmpc, m_protein=m_protein)
    assert category.startswith(group)
    assert risks == {}


@pytest.mark.parametrize(
    ("flc_ratio", "immunoparesis", "m_protein", "all_three"),
    [(30.1, 1, 2.3, True), (30, 1, 2.3, False), (30.1, 0, 2.3, False), (30.1, 1, 2.29, False)],
)
def test_czech_heidelberg_publishes_a_risk_for_all_three_factors_only(flc_ratio, immunoparesis, m_protein, all_three):
    _, category, risks = group_and_risks("czech_heidelberg", flc_ratio=flc_ratio, immunoparesis=immunoparesis, m_protein=m_protein)
    assert (category, risks) == (("all three factors", {24: 0.787}) if all_three else ("fewer than three factors", {}))


MGUS_GROUPS = ["low", "low-intermediate", "high-intermediate", "high"]


@pytest.mark.parametrize(("key", "risks"), [("mgus_2005", (0.02, 0.10, 0.18, 0.27)), ("mgus_2005_net", (0.05, 0.21, 0.37, 0.58))])
@pytest.mark.parametrize(
    ("non_igg", "m_protein", "ratio", "factors"),
    [  # Rajkumar 2005: 0.26 and 1.65 are normal, 1.5 g/dL counts
        (0, 1.49, 1.0, 0),
        (0, 1.49, 0.26, 0),
        (0, 1.49, 1.65, 0),
        (0, 1.49, 0.259, 1),
        (0, 1.49, 1.651, 1),
        (0, 1.5, 1.0, 1),
        (1, 1.49, 1.0, 1),
        (1, 1.5, 1.65, 2),
        (1, 1.5, 1.66, 3),
    ],
)
def test_mgus_2005_with_and_without_competing_death(key, risks, non_igg, m_protein, ratio, factors):
    found = group_and_risks(key, non_igg=non_igg, m_protein=m_protein, kappa_lambda_ratio=ratio)
    assert found == (factors, MGUS_GROUPS[factors], {240: risks[factors]})


@pytest.mark.parametrize(
    ("bmpc", "m_protein", "hemoglobin", "factors", "risks"),
    [(19.9, 0, 0, 0, {}), (20, 0, 0, 1, {}), (19.9, 1, 0, 1, {}), (19.9, 1, 1, 2, {}), (20, 0, 1, 2, {}), (20, 1, 1, 3, {24: 0.905})],
)
def test_ravi_2016(bmpc, m_protein, hemoglobin, factors, risks):
    points, _, found = group_and_risks("ravi_2016", bmpc=bmpc, ravi_m_protein=m_protein, ravi_hemoglobin=hemoglobin)
    assert (points, found) == (factors, risks)


NO_CMG_FACTOR = {"m_protein": 1.4, "kappa_lambda_ratio": 1.0, "bmpc": 5, "immunoparesis": 0, "age": 68, "hemoglobin": 12.0}
CMG_FACTORS = {"m_protein": 1.5, "kappa_lambda_ratio": 1.66, "bmpc": 5.1, "immunoparesis": 1, "age": 69, "hemoglobin": 11.9}
CMG_GROUPS = [("no factor", 0.016), ("one factor", 0.169), ("two factors", 0.229), ("three factors", 0.394)]
CMG_GROUPS += [("four or five factors", 0.523)] * 2 + [("six factors", None)]  # nothing is published for all six


@pytest.mark.parametrize("present", list(itertools.product([0, 1], repeat=6)))
def test_cmg_2017_counts_six_factors(present):  # Sandecka 2017, abstract
    chosen = {name for name, is_there in zip(CMG_FACTORS, present, strict=True) if is_there}
    inputs = {name: (CMG_FACTORS if name in chosen else NO_CMG_FACTOR)[name] for name in CMG_FACTORS}
    group, risk = CMG_GROUPS[len(chosen)]
    assert group_and_risks("cmg_2017", **inputs) == (len(chosen), group, {} if risk is None else {120: risk})


def test_cmg_2017_needs_no_factor_that_cannot_change_its_group():
    result = result_of("cmg_2017", **CMG_FACTORS | {"hemoglobin": 13.0, "immunoparesis": None})
    assert (result.category, result.missing) == ("four or five factors", ("immunoparesis",))


CLINICAL = {"low": (20, 2.0, 20), "intermediate": (20.1, 2.0, 20), "high": (20.1, 2.1, 20)}  # marrow, M-protein, light chains
DRIVERS = ("driver_ras", "driver_myc", "driver_apobec", "driver_cnv")


@pytest.mark.parametrize(
    ("clinical", "drivers", "group"),
    [  # the calculator's rule
        *[("high", number, "intermediate") for number in (0, 1)],
        *[("high", number, "high") for number in (2, 3, 4)],
        ("intermediate", 0, "low"),
        *[("intermediate", number, "intermediate") for number in (1, 2, 4)],
        *[("low", number, "low") for number in (0, 1)],
        *[("low", number, "intermediate") for number in (2, 4)],
    ],
)
def test_genomic_imwg_moves_the_group_of_20_2_20_by_the_number_of_drivers(clinical, drivers, group):
    known = dict(zip(("bmpc", "m_protein", "flc_ratio"), CLINICAL[clinical], strict=True))
    for chosen in itertools.combinations(DRIVERS, drivers):
        found = group_and_risks("genomic_imwg_2025", **known, **{name: float(name in chosen) for name in DRIVERS})
        assert found == (drivers, group, {})  # risks are published as ranges


@pytest.mark.parametrize(
    ("circulating", "m_protein", "flc_ratio", "group"),
    [(0.015, 2.0, 20, "low"), (0.016, 2.0, 20, "intermediate"), (0.016, 2.1, 20, "high"), (0.015, 2.1, 20.1, "high")],
)
def test_20_2_0015_takes_circulating_cells_in_place_of_the_marrow(circulating, m_protein, flc_ratio, group):
    _, category, risks = group_and_risks("circulating_2022", circulating_tumor_cells=circulating, m_protein=m_protein, flc_ratio=flc_ratio)
    assert (category, risks) == (group, {})
