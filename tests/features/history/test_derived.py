"""The involved / uninvolved free light chain ratio, derived from what was measured on one day."""

from dataclasses import replace

import pandas as pd
import pytest

from features.history.derived import measured_and_derived


@pytest.fixture
def ratios(cohort_of):
    """Return a function: light chain and rows `day collected, day available, biomarker, value` of January 2015 -> the ratios."""

    def derive(light_chain, *rows):
        lines = [
            f"P1,2015-01-{collected:02d},2015-01-{available:02d},{biomarker},{value}" for collected, available, biomarker, value in rows
        ]
        cohort = cohort_of(
            patients=f"patient_id,index_date,light_chain\nP1,2015-01-01,{light_chain}",
            measurements="\n".join(["patient_id,collected_at,available_at,biomarker,value", *lines]),
        )
        out = measured_and_derived(cohort)
        out = out[out["biomarker"] == "flc_ratio"]
        return [(c.day, a.day, pytest.approx(v)) for c, a, v in zip(out["collected_at"], out["available_at"], out["value"], strict=True)]

    return derive


@pytest.mark.parametrize(
    ("light_chain", "kappa", "lambda_", "ratio"),
    [
        ("kappa", 200, 10, 20.0),
        ("lambda", 10, 200, 20.0),
        ("", 200, 10, 20.0),  # unknown: the larger chain is taken as involved
        ("", 10, 200, 20.0),
        ("kappa", 10, 200, 0.05),  # known: the involved chain may be the smaller
        ("lambda", 200, 10, 0.05),
        ("kappa", 90000, 1, 5000.0),  # held to the limits of the catalogue
        ("lambda", 90000, 1, 0.01),
    ],
)
def test_the_involved_chain_is_divided_by_the_other(ratios, light_chain, kappa, lambda_, ratio):
    assert ratios(light_chain, (1, 1, "flc_kappa", kappa), (1, 1, "flc_lambda", lambda_)) == [(1, 1, ratio)]


@pytest.mark.parametrize(
    ("kappa", "lambda_", "ratio"),
    [(110, 1.1, 100.0), (220, 2.2, 100.0), (1.1, 110, 100.0), (27.6, 1.38, 20.0), (1.38, 27.6, 20.0), (22.6, 1.13, 20.0), (3, 90, 30.0)],
)
def test_a_ratio_of_decimals_is_exactly_the_cut_off_that_it_is_on_paper(ratios, kappa, lambda_, ratio):
    ((*_, found),) = ratios("", (1, 1, "flc_kappa", kappa), (1, 1, "flc_lambda", lambda_))
    assert found.expected == ratio


def test_a_ratio_is_known_when_the_later_chain_is(ratios):
    assert ratios("kappa", (1, 3, "flc_kappa", 200), (1, 7, "flc_lambda", 10)) == [(1, 7, 20.0)]


def test_chains_of_different_days_give_no_ratio(ratios):
    assert ratios("kappa", (1, 1, "flc_kappa", 200), (2, 2, "flc_lambda", 10)) == []


def test_one_chain_gives_no_ratio(ratios):
    assert ratios("kappa", (1, 1, "flc_kappa", 200)) == []


@pytest.mark.parametrize(("kappa", "lambda_"), [(0, 10), (200, 0), (0, 0)])
def test_a_chain_of_zero_gives_no_ratio(cohort_of, kappa, lambda_):
    """Intake refuses it; a cohort that a former version ingested may hold one."""
    rows = "patient_id,collected_at,biomarker,value\nP1,2015-01-01,flc_kappa,200\nP1,2015-01-01,flc_lambda,10"
    cohort = cohort_of(measurements=rows)
    measured = cohort.measurements.assign(
        value=cohort.measurements["biomarker"].map({"flc_kappa": kappa, "flc_lambda": lambda_}).astype(float)
    )
    assert "flc_ratio" not in measured_and_derived(replace(cohort, measurements=measured))["biomarker"].tolist()


@pytest.mark.parametrize(("light_chain", "ratio"), [("kappa", 0.1), ("lambda", 10.0), ("", 10.0)])
def test_a_reported_kappa_lambda_ratio_is_turned_to_the_involved_chain(ratios, light_chain, ratio):
    assert ratios(light_chain, (1, 2, "kappa_lambda_ratio", 0.1)) == [(1, 2, ratio)]


def test_a_reported_kappa_lambda_ratio_counts_before_our_division(ratios):
    assert ratios("kappa", (1, 1, "flc_kappa", 200), (1, 1, "flc_lambda", 10), (1, 1, "kappa_lambda_ratio", 19)) == [(1, 1, 19.0)]


def test_a_reported_involved_ratio_counts_before_everything_on_its_day_only(ratios):
    chains = [(day, day, name, value) for day in (1, 2) for name, value in (("flc_kappa", 200), ("flc_lambda", 10))]
    got = ratios("kappa", *chains, (1, 1, "kappa_lambda_ratio", 19), (1, 1, "flc_ratio", 18))
    assert sorted(got, key=lambda row: row[0]) == [(1, 1, 18.0), (2, 2, 20.0)]


def test_a_correction_adds_a_ratio_from_the_day_it_is_known_and_leaves_the_one_before(ratios):
    chains = [(1, 1, "flc_kappa", 200), (1, 2, "flc_lambda", 10)]
    assert ratios("kappa", *chains, (1, 5, "flc_kappa", 210)) == [(1, 2, 20.0), (1, 5, 21.0)]
    assert ratios("kappa", *chains, (1, 5, "flc_ratio", 18)) == [(1, 2, 20.0), (1, 5, 18.0)]


def test_what_was_measured_stays_as_it_was(cohort_of):
    text = "patient_id,collected_at,biomarker,value\nP1,2015-01-01,flc_kappa,200\nP1,2015-01-01,flc_lambda,10\nP1,2015-01-01,bmpc,15"
    cohort = cohort_of(measurements=text)
    out = measured_and_derived(cohort)
    pd.testing.assert_frame_equal(out.iloc[:3].reset_index(drop=True), cohort.measurements[out.columns], check_dtype=False)


def test_without_light_chains_nothing_is_added(cohort_of):
    assert len(measured_and_derived(cohort_of(measurements="patient_id,collected_at,biomarker,value\nP1,2015-01-01,bmpc,15"))) == 1
