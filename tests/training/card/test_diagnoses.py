"""The card's section of what evaluation noticed: code, what was found, why it matters, what to do; what is muted with the reason."""

from training.card import card_of
from training.card.facts import Facts
from training.card.render import as_markdown
from training.evaluation.diagnoses.catalogue import CATALOGUE
from training.evaluation.diagnoses.diagnosis import Diagnosis
from training.evaluation.diagnoses.noticed import as_table
from training.places import DIAGNOSES

FOUND = [Diagnosis("one_input", "m_protein has 97% of all contributions"), Diagnosis("overfitting", "AUC 0.8 above 0.7")]


def section(plan, found, muted):
    files = {DIAGNOSES: as_table(found, muted).to_csv(index=False).encode()} if found is not None else {}
    text = as_markdown(card_of(Facts(plan, "boosting", "", "run", files=files)))
    return text.split("## Diagnoses\n")[1].split("\n## ")[0]


def test_each_stands_with_why_it_matters_and_what_to_do(smm_plan):
    text = section(smm_plan, FOUND, {})
    assert f"| one\\_input | {FOUND[0].found}".replace("\\_", "_") in text.replace("\\_", "_")
    assert all(CATALOGUE[each.code].why in text for each in FOUND)
    assert CATALOGUE["one_input"].do.split(";")[0] in text
    assert "Muted" not in text


def test_one_that_is_muted_stands_apart_with_its_reason(smm_plan):
    text = section(smm_plan, FOUND, {"one_input": "the question is about M-protein alone"})
    heard, muted = text.split("Muted: known and accepted")
    assert "the question is about M-protein alone" in muted and FOUND[0].found in muted
    assert FOUND[1].found in heard and FOUND[0].found not in heard


def test_where_nothing_was_noticed_it_says_so(smm_plan):
    assert "Nothing was noticed that is not muted." in section(smm_plan, [], {})


def test_a_run_that_was_evaluated_before_says_so_rather_than_that_nothing_was_noticed(smm_plan):
    text = section(smm_plan, None, {})
    assert "**not reported**: this run was evaluated before diagnoses were made" in text
    assert "Nothing was noticed" not in text
