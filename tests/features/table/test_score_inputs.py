"""Inputs of published scores: the kernel gives the flags that the definitions give, and nothing later than the landmark."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.rows import look, positions
from features.table.score_inputs import CRITERIA_COLUMNS, NEVER_KNOWN, SCORE_COLUMNS, criteria_met, score_inputs, score_inputs_of
from myeloma.scores.evolving import PANGEA_RULES
from myeloma.scores.mayo_2018 import MAYO_2018
from tests.myeloma.evolving_twin import hemoglobin_falling, pangea_flag, ravi_evolving_hemoglobin, ravi_evolving_m_protein

EPOCH = pd.Timestamp("2015-01-01")
AROUND = {"m_protein": (1.8, 0.3, 1), "hemoglobin": (12.5, 1.2, 1), "flc_ratio": (25.0, 15.0, 0), "creatinine": (1.0, 0.4, 1)}


def landmarks_at(*pairs):
    """Return landmarks from pairs of patient and day since the index date."""
    ids, days = zip(*pairs, strict=True)
    return pd.DataFrame({"patient_id": ids, "landmark": EPOCH + pd.to_timedelta(pd.Series(days), unit="D")})


def inputs_at(cohort, day, patient="P1"):
    return score_inputs_of(cohort, landmarks_at((patient, day))).iloc[0]


@pytest.fixture(scope="module")
def histories():
    """Return 150 random histories by patient: visit days, and values by biomarker, NaN where not measured."""
    rng = np.random.default_rng(4)
    made = {}
    for person in range(150):
        gaps = rng.choice([1, 30, 90, 182, 183, 365, 366, 547, 548, 730, 731], rng.integers(0, 9))
        days = np.concatenate([[0], np.cumsum(gaps)])
        values = {}
        for name, (mean, sd, decimals) in AROUND.items():
            drawn = np.round(np.clip(rng.normal(mean, sd, len(days)), 0.1, None), decimals)
            values[name] = np.where((rng.random(len(days)) < 0.8) & (drawn > 0), drawn, np.nan)
        made[f"H{person:03d}"] = (days, values)
    return made


@pytest.fixture(scope="module")
def inputs(histories, cohort_of_days):
    """Return the score inputs at every visit of those histories, by patient and day."""
    rows = [
        (patient, name, int(day), int(day), float(value))
        for patient, (days, values) in histories.items()
        for name, series in values.items()
        for day, value in zip(days, series, strict=True)
        if not math.isnan(value)
    ]
    visits = [(patient, int(day)) for patient, (days, _) in histories.items() for day in days]
    return score_inputs_of(cohort_of_days(rows), landmarks_at(*visits)).set_index(pd.MultiIndex.from_tuples(visits))


@pytest.mark.parametrize("flag", list(PANGEA_RULES))
def test_flags_from_the_kernel_are_those_by_dates(histories, inputs, flag):
    compared = []
    for patient, (days, values) in histories.items():
        series = values[PANGEA_RULES[flag].biomarker]
        for k in np.flatnonzero(~np.isnan(series)):
            expected = pangea_flag(flag, days[: k + 1], series[: k + 1])
            assert inputs.loc[(patient, days[k]), flag] == expected, (days[: k + 1], series[: k + 1])
            compared.append(expected)
    assert 0.1 < np.mean(compared) < 0.9  # both answers were compared, often


def test_hemoglobin_falling_from_the_kernel_is_that_of_the_fitted_line(histories, inputs):
    compared = []
    for patient, (days, values) in histories.items():
        for k in range(len(days)):
            expected = hemoglobin_falling(days[: k + 1], values["hemoglobin"][: k + 1])
            assert inputs.loc[(patient, days[k]), "hemoglobin_falling"] == expected
            compared.append(expected)
    assert 0.1 < np.mean(compared) < 0.9


@pytest.mark.parametrize(
    ("column", "biomarker", "definition"),
    [("ravi_m_protein", "m_protein", ravi_evolving_m_protein), ("ravi_hemoglobin", "hemoglobin", ravi_evolving_hemoglobin)],
)
def test_after_the_year_ravi_inputs_are_those_of_the_definition(histories, inputs, column, biomarker, definition):
    compared = []
    for patient, (days, values) in histories.items():
        series = values[biomarker]
        if days[-1] > 365 and not math.isnan(series[0]):
            expected = definition(series[0], days[1:], series[1:])
            if column == "ravi_m_protein" and expected == 0:
                expected = math.nan  # no immunoglobulin is known, and one may have evolved
            np.testing.assert_equal(inputs.loc[(patient, days[-1]), column], expected)
            compared.append(expected)
    assert {0.0, 1.0} <= set(compared) if column == "ravi_hemoglobin" else 1.0 in compared


def test_ravi_is_known_from_the_day_it_is_met_and_not_met_only_once_the_year_is_over(cohort_of_days):
    met = cohort_of_days([("P1", "m_protein", 0, 0, 2.0), ("P1", "m_protein", 100, 110, 2.5)])
    unmet = cohort_of_days([("P1", "hemoglobin", 0, 0, 13.0), ("P1", "hemoglobin", 100, 110, 12.6)])
    late = cohort_of_days([("P1", "m_protein", 0, 0, 2.0), ("P1", "m_protein", 366, 366, 2.5)])
    days = (0, 100, 109, 110, 365, 366, 900)
    assert [inputs_at(met, day)["ravi_m_protein"] for day in days] == pytest.approx([math.nan] * 3 + [1] * 4, nan_ok=True)
    assert [inputs_at(unmet, day)["ravi_hemoglobin"] for day in days] == pytest.approx([math.nan] * 5 + [0] * 2, nan_ok=True)
    assert np.isnan([inputs_at(late, day)["ravi_m_protein"] for day in days]).all()


@pytest.mark.parametrize(
    ("rows", "evolving"),  # each row: day, day of its report, hemoglobin; the 13.0 of day 100 is known from day 100 on
    [
        ([(0, 0, 13.0), (150, 150, 10.5), (150, 152, 13.0)], {151: 1, 152: math.nan, 400: 0}),  # a later value is corrected
        ([(0, 0, 15.0), (0, 120, 13.0)], {110: 1, 120: math.nan, 400: 0}),  # the value at diagnosis is
        ([(0, 0, 13.2), (0, 120, 15.0)], {110: math.nan, 120: 1, 400: 1}),
        ([(0, 120, 15.0)], {110: math.nan, 120: 1, 400: 1}),  # it is reported late
        ([(0, 0, 13.0), (0, 0, 13.5)], {110: 1, 400: 1}),  # of one day and report the largest counts
    ],
)
def test_ravi_is_judged_by_the_values_that_count_at_the_landmark(cohort_of_days, rows, evolving):
    cohort = cohort_of_days([("P1", "hemoglobin", *row) for row in (*rows, (100, 100, 13.0))])
    found = [inputs_at(cohort, day)["ravi_hemoglobin"] for day in evolving]
    np.testing.assert_array_equal(found, [float(one) for one in evolving.values()])


def test_a_corrected_immunoglobulin_has_not_evolved(cohort_of):
    results = ["2015-01-01,2015-01-01,igg,2000", "2015-06-01,2015-06-01,igg,3000", "2015-06-01,2015-06-03,igg,2000"]
    protein = ["2015-01-01,2015-01-01,m_protein,2.0", "2015-06-01,2015-06-01,m_protein,2.0"]
    cohort = cohort_of(
        patients="patient_id,index_date,heavy_chain\nP1,2015-01-01,IgG",
        measurements="\n".join(
            ["patient_id,collected_at,available_at,biomarker,value,unit"]
            + [f"P1,{row},{'mg/dL' if 'igg' in row else 'g/dL'}" for row in (*results, *protein)]
        ),
    )
    found = [inputs_at(cohort, day)["ravi_m_protein"] for day in (152, 153, 400)]
    np.testing.assert_array_equal(found, [1, math.nan, 0])


@pytest.mark.parametrize(
    ("heavy_chain", "biomarker", "later", "m_protein", "evolving"),
    [  # the immunoglobulin was 2000 mg/dL and M-protein 2 g/dL at diagnosis
        ("IgG", "igg", 2500, 2.1, 1),  # +25 % and 500 mg/dL
        ("IgA", "iga", 2500, 2.1, 1),
        ("IgM", "igm", 2500, 2.1, 1),
        ("IgG", "igg", 2400, 2.1, 0),  # 400 mg/dL is too little
        ("IgG", "igg", 2400, 2.5, 1),  # M-protein evolves
        ("IgG", "iga", 2500, 2.1, math.nan),  # not the involved one
        ("", "igg", 2500, 2.1, math.nan),  # which is involved is not known
        ("light_chain", "igg", 2500, 2.1, math.nan),
        ("IgG", "igg", 2500, math.nan, 1),
        ("IgG", "igg", 2400, math.nan, math.nan),
    ],
)
def test_ravis_m_protein_is_that_or_the_involved_immunoglobulin(cohort_of, heavy_chain, biomarker, later, m_protein, evolving):
    results = [f"P1,2015-01-01,{biomarker},2000,mg/dL", f"P1,2015-12-01,{biomarker},{later},mg/dL"]
    results += [] if math.isnan(m_protein) else ["P1,2015-01-01,m_protein,2.0,g/dL", f"P1,2015-12-01,m_protein,{m_protein},g/dL"]
    cohort = cohort_of(
        patients=f"patient_id,index_date,heavy_chain\nP1,2015-01-01,{heavy_chain}",
        measurements="\n".join(["patient_id,collected_at,biomarker,value,unit", *results]),
    )
    assert math.isnan(inputs_at(cohort, 100)["ravi_m_protein"])
    np.testing.assert_equal(inputs_at(cohort, 400)["ravi_m_protein"], float(evolving))


def test_an_early_rise_of_the_immunoglobulin_alone_is_left_open(cohort_of):
    results = [f"P1,{day},igg,{value},mg/dL" for day, value in (("2015-01-01", 4000), ("2015-06-01", 4600))]  # +15 % within 6 months
    cohort = cohort_of(
        patients="patient_id,index_date,heavy_chain\nP1,2015-01-01,IgG",
        measurements="\n".join(
            [
                "patient_id,collected_at,biomarker,value,unit",
                *results,
                "P1,2015-01-01,m_protein,2.0,g/dL",
                "P1,2015-06-01,m_protein,2.1,g/dL",
            ]
        ),
    )
    assert math.isnan(inputs_at(cohort, 400)["ravi_m_protein"])


def test_a_reported_ratio_does_not_hide_the_involved_chain(cohort_of_days):
    """Laboratories report both chains and their ratio together; the criterion needs all of it."""
    chains = [("P1", "flc_kappa", 5, 5, 500.0), ("P1", "flc_lambda", 5, 5, 4.0)]
    for reported in ([], [("P1", "kappa_lambda_ratio", 5, 5, 125.0)], [("P1", "flc_ratio", 5, 5, 125.0)]):
        row = inputs_at(cohort_of_days([*chains, *reported], light_chain="kappa"), 5)
        assert (row["flc_ratio"], row["flc_involved"]) == (125.0, 500.0), reported


def test_a_ratio_of_exactly_20_from_two_chains_gives_no_point(cohort_of_days):
    rows = [("P1", "flc_kappa", 0, 0, 200.0), ("P1", "flc_lambda", 0, 0, 10.0), ("P1", "m_protein", 0, 0, 2.0), ("P1", "bmpc", 0, 0, 0.0)]
    row = inputs_at(cohort_of_days(rows, light_chain="kappa"), 30)
    result = MAYO_2018.evaluate(**{name: row[name] for name in MAYO_2018.inputs})
    assert (row["flc_ratio"], row["bmpc"], result.category, result.missing) == (20.0, 0.0, "low", ())


def test_a_criterion_is_judged_at_the_age_and_sex_of_the_landmark(cohort_of):
    rows = "P1,2015-01-01,52.0,female\nP2,2015-01-01,52.0,male\nP3,2015-01-01,,"
    results = "\n".join(f"P{k},2015-01-01,creatinine,1.52,mg/dL" for k in (1, 2, 3))
    cohort = cohort_of(
        patients=f"patient_id,index_date,age_at_index,sex\n{rows}",
        measurements=f"patient_id,collected_at,biomarker,value,unit\n{results}",
    )
    landmarks = landmarks_at(*((f"P{k}", day) for k in (1, 2, 3) for day in (0, 3650)))
    view = look(Histories.of(cohort), *positions(cohort, landmarks), FeatureSpec((), (), (), ()), CRITERIA_COLUMNS)
    assert criteria_met(view).tolist() == [False, True, False, False, False, False]  # a woman: eGFR 41 at 52, 39 at 62
    inputs = score_inputs_of(cohort, landmarks)
    np.testing.assert_array_equal(inputs["female"], [1, 1, 0, 0, math.nan, math.nan])


def test_the_latest_value_counts_however_old_and_its_age_is_told(cohort_of_days):
    row = inputs_at(cohort_of_days([("P1", "bmpc", 0, 3, 15.0), ("P1", "bmpc", 400, 430, 30.0)]), 420)
    assert (row["bmpc"], row["bmpc__age_days"]) == (15.0, 420.0)


def test_findings_not_tested_are_unknown_and_tested_normal_are_absent(cohort_of):
    people = ["", "normal", "t(4;14)", "gain(1q)|del(17p)", "t(14;16)", "t(11;14)"]
    rows = "\n".join(f"P{k},2015-01-01,{fish}" for k, fish in enumerate(people))
    cohort = cohort_of(patients=f"patient_id,index_date,fish\n{rows}")
    found = score_inputs_of(cohort, landmarks_at(*((f"P{k}", 0) for k in range(len(people)))))
    columns = ["fish_high_risk", "r_iss_high_risk", "del17p", "t_4_14", "gain_1q"]
    expected = [[math.nan] * 5, [0, 0, 0, 0, 0], [1, 1, 0, 1, 0], [1, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(found[columns], expected)


def test_a_word_of_fish_says_nothing_of_the_share_of_cells_or_the_copies_lost(cohort_of):
    people = ["", "normal", "del(17p)|t(14;20)", "del(1p)|t(14;16)"]
    rows = "\n".join(f"P{k},2015-01-01,{fish}" for k, fish in enumerate(people))
    cohort = cohort_of(patients=f"patient_id,index_date,fish\n{rows}")
    found = score_inputs_of(cohort, landmarks_at(*((f"P{k}", 0) for k in range(len(people)))))
    columns = ["del17p_percent", "del_1p32_copies", "igh_high_risk", "t_14_16"]
    np.testing.assert_array_equal(found[columns], [[math.nan] * 4, [0, 0, 0, 0], [math.nan, 0, 1, 0], [0, math.nan, 1, 1]])


@pytest.mark.parametrize(("light_chain", "expected"), [("lambda", 1), ("kappa", 0), ("", math.nan)])
def test_the_light_chain_is_lambda_or_is_not_known(cohort_of, light_chain, expected):
    cohort = cohort_of(patients=f"patient_id,index_date,light_chain\nP1,2015-01-01,{light_chain}")
    np.testing.assert_equal(inputs_at(cohort, 0)["lambda_chain"], float(expected))


@pytest.mark.parametrize(("heavy_chain", "non_igg"), [("IgG", 0), ("IgA", 1), ("IgM", 1), ("light_chain", math.nan), ("", math.nan)])
def test_the_heavy_chain_is_other_than_igg_or_is_not_known(cohort_of, heavy_chain, non_igg):
    cohort = cohort_of(patients=f"patient_id,index_date,heavy_chain\nP1,2015-01-01,{heavy_chain}")
    np.testing.assert_equal(inputs_at(cohort, 0)["non_igg"], float(non_igg))


def test_what_no_source_holds_and_what_was_not_measured_stays_unknown(cohort_of_days):
    row = inputs_at(cohort_of_days([("P2", "m_protein", 0, 0, 2.0)]), 30)
    assert row[list(NEVER_KNOWN)].isna().all()
    assert row.drop(["age", "hemoglobin_falling"]).isna().all()  # PANGEA 2023: fewer than three values give 0


@pytest.mark.parametrize(
    ("heavy_chain", "igg", "iga", "expected"),
    [
        ("IgG", 3000, 40, 1),  # IgA below both published limits
        ("IgG", 3000, 65, math.nan),  # in between
        ("IgG", 3000, 150, 0),
        ("IgA", 600, 3000, 1),
        ("light_chain", 600, 150, 1),
        ("", 3000, 40, math.nan),  # IgA may be the involved one
    ],
)
def test_immunoparesis_is_derived_from_the_isotype_and_what_is_known_by_the_landmark(cohort_of, heavy_chain, igg, iga, expected):
    results = [f"P1,2015-01-01,2015-01-01,{name},{value},mg/dL" for name, value in (("igg", igg), ("iga", iga), ("igm", 100))]
    late = "P1,2015-01-01,2015-12-01,igm,10,mg/dL"  # comes after the landmark
    cohort = cohort_of(
        patients=f"patient_id,index_date,heavy_chain\nP1,2015-01-01,{heavy_chain}",
        measurements="\n".join(["patient_id,collected_at,available_at,biomarker,value,unit", *results, late]),
    )
    np.testing.assert_equal(inputs_at(cohort, 30)["immunoparesis"], float(expected))


def test_drivers_come_from_sequencing_alone(cohort_of):
    people = ["", "normal", "ras", "ras|sequenced", "t(4;14)|sequenced"]
    rows = "\n".join(f"P{k},2015-01-01,{fish}" for k, fish in enumerate(people))
    found = score_inputs_of(
        cohort_of(patients=f"patient_id,index_date,fish\n{rows}"), landmarks_at(*((f"P{k}", 0) for k in range(len(people))))
    )
    nothing = [math.nan] * 2
    np.testing.assert_array_equal(found[["driver_ras", "driver_myc"]], [nothing, nothing, [1, math.nan], [1, 0], [0, 0]])
    np.testing.assert_array_equal(found["fish_high_risk"], [math.nan, 0, math.nan, math.nan, 1])


def rates_at(cohort, day):
    view = look(
        Histories.of(cohort, operators=True), *positions(cohort, landmarks_at(("P1", day))), FeatureSpec((), (), (), ()), SCORE_COLUMNS
    )
    inputs = score_inputs(view)
    return inputs["egfr_reported"][0], inputs["egfr_reported__age_days"][0], bool(criteria_met(view)[0])


@pytest.mark.parametrize(
    ("reported", "rate", "met"),
    [
        ("35", 35.0, True),
        ("45", 45.0, False),
        (">60", 60.0, False),
        ("<15", math.nextafter(15, 0), True),
        ("<40", math.nextafter(40, 0), True),
        ("<60", math.nan, False),  # on either side of 40
        (">30", math.nan, False),
    ],
)
def test_a_reported_filtration_rate_counts_where_it_tells_on_which_side_of_40_it_lies(cohort_of, reported, rate, met):
    cohort = cohort_of(
        patients="patient_id,index_date,age_at_index,sex\nP1,2015-01-01,60,female",
        measurements="patient_id,collected_at,biomarker,value,unit\n"
        f"P1,2015-01-01,creatinine,0.8,mg/dL\nP1,2015-01-21,egfr,{reported},mL/min/1.73m2",
    )
    np.testing.assert_equal(rates_at(cohort, 30), (rate, math.nan if math.isnan(rate) else 10.0, met))
    assert math.isnan(rates_at(cohort, 10)[0])  # the computed rate of creatinine is not taken for a reported one


LANDMARK = 400
VALUES = st.integers(2, 200).map(lambda value: value / 10)
NO_SHRINKING = (Phase.explicit, Phase.generate)  # a failure of bytes is told at once
BIOMARKERS = (
    "igg",
    "iga",
    "igm",
    "egfr",
    "m_protein",
    "hemoglobin",
    "creatinine",
    "bmpc",
    "flc_kappa",
    "flc_lambda",
    "kappa_lambda_ratio",
    "flc_ratio",
    "calcium",
)


def known(*, early):
    """Draw results (patient, biomarker, collected, available, value) known by the landmark, or only after it."""

    def row(parts):
        who, what, collected, delay, value = parts
        collected = min(collected, LANDMARK) if early else collected
        available = min(collected + delay, LANDMARK) if early else max(collected + delay, LANDMARK + 1)
        return who, what, collected, available, value

    days = st.sampled_from([0, 1, 100, 300, 399, 400, 401, 600])
    parts = st.tuples(st.sampled_from(["P1", "P2"]), st.sampled_from(BIOMARKERS), days, st.integers(0, 300), VALUES)
    return st.lists(parts.map(row), max_size=12)


def bits(cohort):
    return score_inputs_of(cohort, landmarks_at(("P1", LANDMARK), ("P2", LANDMARK))).to_numpy().tobytes()


@settings(max_examples=25, phases=NO_SHRINKING)
@given(past=known(early=True), future=known(early=False), other=known(early=False), light_chain=st.sampled_from(["kappa", "lambda", ""]))
def test_what_comes_after_the_landmark_changes_no_bit(cohort_of_days, past, future, other, light_chain):
    events = [("P1", "progression", LANDMARK + 1), ("P2", "death", LANDMARK + 90)]
    expected = bits(cohort_of_days(past, light_chain=light_chain))
    assert bits(cohort_of_days(past + future, events, light_chain=light_chain)) == expected
    assert bits(cohort_of_days(other + past, light_chain=light_chain)) == expected
