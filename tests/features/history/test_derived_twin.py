"""Derived biomarkers against a slow twin that is written from their definitions, day by day and result by result."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history.derived import measured_and_derived
from myeloma import catalogue

CHAINS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio", "flc_ratio")
results = st.lists(
    st.tuples(st.sampled_from(CHAINS), st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 5.0, 20.0, 400.0])),
    max_size=12,
    unique_by=lambda one: one[:3],
)


def held(biomarker, value):
    entry = catalogue()[biomarker]
    return min(max(value, entry.lower), entry.upper)


def pairs(known):
    """Yield day, time and both chains, for each time at which what is known of the two chains of a day changes."""
    for day in sorted({d for _, d, _, _ in known}):
        chains = [(a, n, v) for n, d, a, v in known if d == day and n in CHAINS[:2] and v > 0]
        for time in sorted({a for a, _, _ in chains}):
            latest = [[(a, v) for a, n, v in chains if n == name and a <= time] for name in CHAINS[:2]]
            if all(latest):
                yield day, time, *(max(seen)[1] for seen in latest)


def twin(rows, light_chain):
    """Return biomarker, day collected, day available, value of everything derived; `rows` are of one person."""
    known, found = [(name, day, day + lag, value) for name, day, lag, value in rows], []

    def better_from(name, day):
        return min((available for n, d, available, _ in known if (n, d) == (name, day)), default=float("inf"))

    def involved(if_kappa, if_lambda):
        return {"kappa": if_kappa, "lambda": if_lambda}.get(light_chain, max(if_kappa, if_lambda))

    def ratio_of(day, available, ratio):
        if available < better_from("flc_ratio", day):
            found.append(("flc_ratio", day, available, held("flc_ratio", involved(ratio, 1 / ratio if ratio else float("inf")))))

    for name, day, available, value in known:
        if name == "kappa_lambda_ratio":
            ratio_of(day, available, value)
    for day, time, kappa, lambda_ in pairs(known):
        found.append(("flc_involved", day, time, involved(kappa, lambda_)))
        if time < better_from("kappa_lambda_ratio", day):
            ratio = held("kappa_lambda_ratio", kappa / lambda_)
            found.append(("kappa_lambda_ratio", day, time, ratio))
            ratio_of(day, time, ratio)
    return found


@settings(max_examples=60)
@given(rows=results, light_chain=st.sampled_from(["kappa", "lambda", ""]))
def test_what_derives_from_the_chains_is_that_of_the_slow_twin(cohort_of_days, rows, light_chain):
    cohort = cohort_of_days([("P1", name, day, day + lag, value) for name, day, lag, value in rows], light_chain=light_chain)
    index = cohort.patients["index_date"].iloc[0]
    made = measured_and_derived(cohort)
    days = [(made[name] - index).dt.days for name in ("collected_at", "available_at")]
    seen = sorted(zip(made["biomarker"], *days, made["value"], strict=True))
    expected = sorted([(name, day, day + lag, value) for name, day, lag, value in rows] + twin(rows, light_chain))
    assert [one[:3] for one in seen] == [one[:3] for one in expected]
    assert [one[3] for one in seen] == pytest.approx([one[3] for one in expected])
