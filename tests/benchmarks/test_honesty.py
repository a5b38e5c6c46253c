"""The page of honest accuracy: a part measured again replaces itself alone, and what does not hold says so."""

import pytest

from benchmarks.honesty.__main__ import PARTS, main, page
from benchmarks.honesty.goal import Goal


def test_a_part_that_is_measured_again_replaces_itself_and_leaves_the_others():
    once = page("", "verdicts", [Goal("50 events", "promote 0 %", "under 10 %", True)], "2026-01-01")
    both = page(once, "hidden_values", [Goal("all | nothing", "1.2", "0.9 to 1.1", False)], "2026-01-02")
    again = page(both, "verdicts", [Goal("20 events", "hold 100 %", "", None)], "2026-01-03")
    assert "1 of 1 goals hold. Measured on 2026-01-01." in both
    assert "0 of 1 goals hold. Measured on 2026-01-02." in again
    assert "**does not hold**" in again
    assert ("50 events" in again, "| 20 events | hold 100 % | - | - |" in again) == (False, True)
    assert r"| all \| nothing | 1.2 |" in again, "a bar in words is no column"
    assert again.index("## verdicts") < again.index("## hidden_values"), "in the order of the parts"


def test_a_part_that_there_is_not_names_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["honesty", "verdict"])
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert all(part in said for part in PARTS)
