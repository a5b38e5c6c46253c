"""From where on a value lies inside what a model was trained on."""

from types import SimpleNamespace

import pytest

from serving.answer.record import Latest
from serving.answer.warnings.of_values import of_values_in_words


@pytest.mark.parametrize(
    ("name", "low", "value", "outside"),
    [
        ("m_protein", 0.1, 0.0, False),  # too small to be measured, as `<0.1`, which a cohort holds as 0.1
        ("m_protein", 0.1, 0.05, False),
        ("m_protein", 0.5, 0.0, True),  # nobody in training had so little
        ("creatinine", 0.1, 0.05, True),
        ("m_protein", 0.1, 6.0, True),
    ],
)
def test_an_m_protein_too_small_to_be_measured_is_none_however_it_is_written(name, low, value, outside):
    reference = {f"{name}__last__ever": {"p01": low, "p99": 5.0}}
    spec = SimpleNamespace(windows=("ever",))
    artifact = SimpleNamespace(about={"reference": reference}, spec=spec)
    said = of_values_in_words(artifact, {name: Latest(value=value, age_days=1.0)})
    assert [one.startswith("out of training range") for one in said] == [True] * outside
