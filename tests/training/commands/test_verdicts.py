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


def test_a_footnote_names_the_candidates_whose_reason_it_is():
    def said(best):
        shared = {"name": "compared", "value": None, "accepted": "better", "holds": None, "note": "there is none"}
        return [{"name": "gain", "value": 0.0, "accepted": "> 0", "holds": None, "note": f"best: {best}"}, shared]

    verdicts = {name: {"version": "1", "verdict": "hold", "checks": said(best)} for name, best in (("cox", "mayo_2018"), ("trees", "iss"))}
    caption = str(verdict_table("smm", verdicts).caption)
    assert caption.splitlines() == ["gain (cox): best: mayo_2018", "compared: there is none", "gain (trees): best: iss"]
