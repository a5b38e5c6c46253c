"""Requests as no client should send them: an answer or a refusal of the documented form, and nobody is named."""

import json

import pytest
from pydantic import TypeAdapter

from serving.http.response import Refusal
from tests.mutated import NAME, mutated

REFUSAL = TypeAdapter(Refusal)
EVENTS = [{"occurred_at": "2022-03-01", "kind": "last_contact"}, {"occurred_at": "2022-08-01", "kind": "treatment_start", "detail": NAME}]


def swept(client, history, seed, share):
    """Send a mutated request; return its status."""
    sent = mutated(history | {"events": EVENTS, "landmark": "2022-07-10"}, seed, share)
    response = client.post("/v1/risk", content=json.dumps(sent), headers={"content-type": "application/json"})
    assert "sentinel" not in response.text.casefold()
    assert not set(response.text) & set("\x1b\u202e\x00")
    if response.status_code == 200:
        assert all(0 <= one["risk"] <= 1 for one in response.json()["risks"])
    else:
        assert response.status_code == 422, response.text
        assert REFUSAL.validate_python(response.json(), extra="forbid").errors
    return response.status_code


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
def test_there_is_an_answer_or_a_refusal_and_nobody_is_named(client, history, share):
    statuses = {swept(client, history, seed, share) for seed in range(60)}
    assert 422 in statuses
    assert share > 0.1 or 200 in statuses
