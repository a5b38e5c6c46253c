"""The simulated cohort has the published summary figures (Chabrun et al., Nature Medicine 2026), each within its tolerance."""

import pytest

from benchmarks.published import FIGURES, SHOWN, comparison, markdown
from features import build_table
from features.intake.quality import clean
from features.simulation.smm import simulate


@pytest.fixture(scope="module")
def compared(smm_task):
    table = build_table(clean(simulate(*SHOWN))[0], smm_task)
    return comparison(table).set_index("figure")


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_is_met(compared, figure):
    assert compared.loc[figure.name, "met"], f"\n{compared.round(3).to_string()}"


@pytest.mark.slow
def test_the_page_shows_the_figures_that_the_code_gives(compared, root):
    assert markdown(compared.reset_index()) in (root / "docs/simulation.md").read_text(encoding="utf-8"), "run: make docs"


@pytest.mark.slow
def test_it_is_no_easier_to_predict_than_the_disease(compared):
    c = compared["simulated"].filter(like="C of ")
    assert len(c) == 3
    assert (c < 0.85).all()
    assert 0.0 < c["C of PANGEA-SMM"] - c["C of PANGEA-SMM without history"] < 0.03
