"""The table of `register`: however few columns a pipe has, no name of a demand is cut."""

import io

import pytest

from features.console import PlainConsole
from training.commands.verdicts import verdict_table

NAMES = ("oe_ratio_24m_without_m_protein", "oe_ratio_24m_without_flc_ratio")


@pytest.mark.parametrize("models", [1, 8])
def test_no_name_of_a_demand_is_cut_or_broken_in_a_pipe(models):
    checks = [{"name": name, "value": 1.5, "accepted": "0.8 to 1.25", "holds": False} for name in NAMES]
    verdicts = {f"model{k}": {"version": str(k), "verdict": "hold", "checks": checks} for k in range(models)}
    pipe = PlainConsole(markup=False, soft_wrap=True, highlight=False, width=140, file=io.StringIO())
    pipe.print(verdict_table("smm", verdicts))
    assert all(name in pipe.file.getvalue() for name in NAMES)
    assert "…" not in pipe.file.getvalue()
