"""PANGEA-SMM and PANGEA 2023 against the authors' coefficients: golden cases, anchors, and nothing imputed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma.scores import RISK_MODELS
from myeloma.scores.pangea import (
    FLAGS,
    GROUPS,
    HEAVY_CHAIN_IGM,
    PANGEA_2023,
    PANGEA_2023_NO_MARROW,
    PANGEA_SMM,
    PANGEA_SMM_NO_MARROW,
    PANGEA_SMM_NO_MARROW_STATIC,
    PANGEA_SMM_STATIC,
)

MODELS = list(RISK_MODELS.values())
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
YEARS = (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)
NO_FLAGS = dict.fromkeys((*FLAGS, "hemoglobin_falling"), 0)
A = {"m_protein": 1.0, "flc_ratio": 3, "bmpc": 12, "creatinine": 0.9, "age": 60} | NO_FLAGS
B = {"m_protein": 2.0, "flc_ratio": 10, "bmpc": 20, "creatinine": 1.0, "age": 65} | NO_FLAGS
C = {"m_protein": 2.5, "flc_ratio": 30, "bmpc": 30, "creatinine": 1.0, "age": 65} | NO_FLAGS
M, HB = {"mspike_traj": 1}, {"hgb_traj": 1}


def inputs_of(model, person):
    return {name: person[name] for name in model.inputs}


def risks_of(model, person, months):
    return [float(model.risk(m, **inputs_of(model, person))) for m in months]


def at_the_means(model):
    return {name: math.exp(model.means[name]) if name in model.log else model.means.get(name, 0.0) for name in model.inputs}


@pytest.mark.parametrize(
    ("person", "with_marrow", "without_marrow"),
    [  # computed from the published coefficients and baseline: risk at 1 / 2 / 5 / 10 years
        (A, (0.017, 0.030, 0.072, 0.135), (0.026, 0.041, 0.092, 0.172)),
        (A | M, (0.029, 0.051, 0.120, 0.220), (0.051, 0.080, 0.173, 0.312)),
        (A | HB, (0.054, 0.094, 0.213, 0.372), (0.086, 0.133, 0.277, 0.470)),
        (B, (0.060, 0.104, 0.235, 0.405), (0.078, 0.121, 0.255, 0.438)),
        (B | M, (0.101, 0.172, 0.368, 0.590), (0.148, 0.226, 0.441, 0.681)),
        (C, (0.158, 0.264, 0.525, 0.765), (0.150, 0.227, 0.444, 0.684)),
    ],
    ids=["A", "A M", "A Hb", "B", "B M", "C"],
)
def test_golden_cases(person, with_marrow, without_marrow):
    assert risks_of(PANGEA_SMM, person, (12, 24, 60, 120)) == pytest.approx(with_marrow, abs=0.001)
    assert risks_of(PANGEA_SMM_NO_MARROW, person, (12, 24, 60, 120)) == pytest.approx(without_marrow, abs=0.001)


@pytest.mark.parametrize(("static", "full"), [(PANGEA_SMM_STATIC, PANGEA_SMM), (PANGEA_SMM_NO_MARROW_STATIC, PANGEA_SMM_NO_MARROW)])
def test_without_history_every_flag_is_0(static, full):  # the authors' "no history" mode
    assert set(full.inputs) - set(static.inputs) == set(FLAGS)
    for person in (A, B, C):
        assert risks_of(static, person, (12, 24, 60, 120)) == risks_of(full, person, (12, 24, 60, 120))


@pytest.mark.parametrize(
    ("model", "baseline"),
    [  # published S0 at `YEARS`; PANGEA 2023 at 1 / 2 / 3 / 5 / 10 years
        (
            PANGEA_SMM,
            ".996980 .982920 .977526 .967897 .958782 .943463 .931921 .917968 .903636 "
            ".885434 .874214 .868200 .853655 .828749 .802361 .778593 .759797",
        ),
        (
            PANGEA_SMM_NO_MARROW,
            ".992927 .975073 .969382 .959440 .950840 .936226 .924290 .910931 .896350 "
            ".878644 .866672 .860878 .843098 .814976 .788955 .764094 .745302",
        ),
        (PANGEA_2023, ".981111 .958050 .935169 .892879 .801619"),
        (PANGEA_2023_NO_MARROW, ".984747 .964051 .944185 .900729 .811473"),
    ],
    ids=lambda value: getattr(value, "key", ""),
)
def test_somebody_at_the_means_has_the_baseline_risk(model, baseline):
    survival = [float(number) for number in baseline.split()]
    months = [12 * year for year in (YEARS if len(survival) == len(YEARS) else (1, 2, 3, 5, 10))]
    assert risks_of(model, at_the_means(model), months) == pytest.approx([1 - s for s in survival], abs=1e-9)


@pytest.mark.parametrize(
    ("model", "hazard_ratios"),
    [  # hazard ratios as printed
        (
            PANGEA_SMM,
            {"m_protein": 1.339, "flc_ratio": 1.411, "bmpc": 1.051, "creatinine": 1.540, "age": 1.026}
            | {"hgb_traj": 3.213, "iuratio_traj": 2.016, "mspike_traj": 1.717, "creatinine_traj": 1.935},
        ),
        (
            PANGEA_SMM_NO_MARROW,
            {"m_protein": 1.529, "flc_ratio": 1.546, "creatinine": 1.416, "age": 1.026}
            | {"hgb_traj": 3.364, "iuratio_traj": 2.295, "mspike_traj": 1.978, "creatinine_traj": 2.078},
        ),
    ],
    ids=lambda value: getattr(value, "key", ""),
)
def test_hazard_ratios_are_those_printed(model, hazard_ratios):
    assert {name: math.exp(beta) for name, beta in model.coefficients.items()} == pytest.approx(hazard_ratios, abs=0.00051)


@pytest.mark.parametrize(
    ("model", "terms"),
    [  # section 2: coefficient and mean, the ratio and creatinine by their logarithms
        (
            PANGEA_2023,
            {"flc_ratio": (0.252215, 1.399971), "m_protein": (0.329349, 1.017879), "age": (0.030917, 64.348314)}
            | {"creatinine": (0.964427, -0.042700), "bmpc": (0.053654, 14.335983), "hemoglobin_falling": (0.542652, 0)},
        ),
        (
            PANGEA_2023_NO_MARROW,
            {"flc_ratio": (0.464482, 1.240740), "m_protein": (0.531105, 0.918021), "age": (0.036859, 65.456138)}
            | {"creatinine": (0.854456, -0.045297), "hemoglobin_falling": (0.486839, 0)},
        ),
    ],
    ids=lambda value: getattr(value, "key", ""),
)
def test_terms_of_2023_are_those_of_the_authors(model, terms):
    assert {name: (beta, model.means.get(name, 0)) for name, beta in model.coefficients.items()} == terms


@pytest.mark.parametrize(("model", "centre"), [(PANGEA_SMM, 3.392611228228388), (PANGEA_SMM_NO_MARROW, 2.8679686999486442)])
def test_the_sum_of_coefficients_times_means_is_the_published_one(model, centre):
    assert sum(model.coefficients[name] * mean for name, mean in model.means.items()) == pytest.approx(centre, abs=1e-12)


@each_model
def test_a_missing_input_gives_no_risk_and_no_group(model):
    for name in model.inputs:
        known = inputs_of(model, B)
        assert np.isfinite(model.risk(24, **known))
        assert np.isnan(model.risk(24, **known | {name: math.nan}))
        result = model.evaluate(**known | {name: math.nan})
        assert (result.category, result.risks, result.reason) == (None, {}, f"not computable: {name} unknown")
        with pytest.raises((KeyError, TypeError)):
            model.risk(24, **{other: value for other, value in known.items() if other != name})


@each_model
def test_a_row_with_a_gap_leaves_the_others_alone(model):
    people = {name: [value, value, value] for name, value in inputs_of(model, C).items()} | {"age": [65.0, math.nan, 65.0]}
    alone = float(model.risk(24, **inputs_of(model, C)))
    np.testing.assert_allclose(model.risk(24, **people), [alone, math.nan, alone], rtol=1e-12)
    assert (model.group(**people) == -1).tolist() == [False, True, False]


@each_model
@pytest.mark.parametrize("months", [0, 1, 23, 25, 132, 240])
def test_a_horizon_that_is_not_published_gives_nothing(model, months):
    assert np.isnan(model.risk(months, **inputs_of(model, B)))


def test_pangea_2023_publishes_fewer_horizons():
    assert np.isnan(risks_of(PANGEA_2023, B, (6, 18, 48))).all()
    assert np.isfinite(risks_of(PANGEA_SMM, B, (6, 18, 48))).all()


@pytest.mark.parametrize("model", [PANGEA_SMM, PANGEA_2023], ids=lambda model: model.key)
def test_marrow_of_zero_percent_is_a_value(model):
    (none,), (some,) = risks_of(model, A | {"bmpc": 0}, [24]), risks_of(model, A, [24])
    assert 0 < none < some
    assert math.log1p(-some) / math.log1p(-none) == pytest.approx(math.exp(12 * model.coefficients["bmpc"]))


@pytest.mark.parametrize(
    ("risk", "group"), [(0.05, "low"), (0.0999, "low"), (0.1001, "intermediate"), (0.40, "intermediate"), (0.4001, "high"), (0.9, "high")]
)
def test_groups_are_cut_at_10_and_40_percent_of_two_years(risk, group):
    model = replace(PANGEA_SMM, coefficients={"age": 0.0}, means={}, months=(24.0,), baseline=(1.0 - risk,))
    assert model.evaluate(age=60).category == group
    assert model.group(age=[60, math.nan]).tolist() == [GROUPS.index(group), -1]


def test_groups_of_the_golden_cases():
    groups = [PANGEA_SMM.evaluate(**inputs_of(PANGEA_SMM, person)).category for person in (A, B, C, C | M | HB)]
    assert groups == ["low", "intermediate", "intermediate", "high"]  # 3.0 / 10.4 / 26.4 % and more


@each_model
@settings(max_examples=40)
@given(data=st.data())
def test_risks_never_fall_with_the_horizon_and_never_leave_0_to_1(model, data):
    ranges = {"m_protein": (0, 10), "flc_ratio": (0.01, 5000), "bmpc": (0, 100), "creatinine": (0.1, 20), "age": (18, 110)}
    person = {name: data.draw(st.floats(*ranges[name]) if name in ranges else st.sampled_from([0.0, 1.0])) for name in model.inputs}
    risks = [float(model.risk(months, **person)) for months in sorted(model.months)]
    assert risks == sorted(risks)
    assert all(0 <= risk <= 1 for risk in risks)


@pytest.mark.parametrize(("model", "computed"), [(PANGEA_SMM, False), (PANGEA_2023, True)], ids=lambda one: getattr(one, "key", one))
def test_for_igm_nothing_is_computed_by_a_model_whose_people_were_defined_by_another_m_protein(model, computed):
    known = {name: inputs_of(model, A).get(name) or 0.0 for name in model.inputs}
    assert bool(model.judge(known | {HEAVY_CHAIN_IGM: 1.0}).risks) == computed
    assert ("IgM" in model.judge(known | {HEAVY_CHAIN_IGM: 1.0}).reason) != computed
    assert model.judge(known | {HEAVY_CHAIN_IGM: 0.0}) == model.judge(known)
