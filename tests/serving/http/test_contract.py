"""Version 1 of the interface is frozen: whatever a client of it sends is still taken, whatever it reads is still there.

`contract_v1.json` holds what was promised: for each schema its fields with their types, and which must be sent. A field may be added to an
answer, and to a request where it may be left out; nothing may go, change its type, or become needed. A new promise is written down with
`python -m tests.serving.http.contract`, which only ever adds.
"""

import json

from tests.serving.http.contract import KEPT, promised


def test_nothing_that_was_promised_is_gone_or_means_something_else():
    before, now = json.loads(KEPT.read_text(encoding="utf-8")), promised()
    assert not set(before["paths"]) - set(now["paths"])
    for schema, fields in before["fields"].items():
        gone = {name: kind for name, kind in fields.items() if now["fields"].get(schema, {}).get(name) != kind}
        assert not gone, f"{schema}: {gone}"


def test_no_request_needs_more_than_it_did():
    before, now = json.loads(KEPT.read_text(encoding="utf-8")), promised()
    for schema, needed in before["needed"].items():
        assert not set(now["needed"][schema]) - set(needed), schema


def test_all_that_is_offered_is_written_down():
    assert json.loads(KEPT.read_text(encoding="utf-8")) == promised()
