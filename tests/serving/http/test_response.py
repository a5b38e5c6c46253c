"""A number that JSON cannot hold is never sent as null, at whatever depth of an answer it stands."""

from dataclasses import asdict, fields, replace

import pytest

from serving.answer.record import Claim, Contribution, Sentence
from serving.http.response import as_json

CONTRIBUTION = Contribution("bmpc", "Plasma cells", 0.4, 14.0, "", "%", "2022-07-01", 3.0, None, None)
CLAIM = Claim(24, 0.4, 14.0, "", "%", "2022-07-01", None, None)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["contribution", "value", "age_days", "change"])
def test_a_number_that_is_not_finite_is_refused_in_every_field_of_a_record_that_may_hold_one(name, wrong):
    assert {one.name for one in fields(Contribution) if "float" in str(one.type)} == {"contribution", "value", "age_days", "change"}
    with pytest.raises(ValueError, match="not finite"):
        as_json((replace(CONTRIBUTION, **{name: wrong}),))


@pytest.mark.parametrize("name", [one.name for one in fields(Claim)])
def test_it_is_refused_in_a_field_that_should_hold_something_else_too(name):
    with pytest.raises(ValueError, match="not finite"):
        as_json(replace(CLAIM, **{name: float("nan")}))


def test_it_is_refused_in_a_record_within_a_record_and_in_plain_content():
    sentence = Sentence("said", "bmpc", "raises", replace(CLAIM, change=float("nan")))
    for content in (sentence, {"a": [sentence]}, asdict(sentence), {"a": {"b": (1.0, float("inf"))}}):
        with pytest.raises(ValueError, match="not finite"):
            as_json(content)


def test_what_is_finite_is_sent():
    assert as_json({"a": [CLAIM, None, 1, "x", 0.5]}).body.startswith(b'{"a":[{"horizon_months":24,"contribution":0.4')
