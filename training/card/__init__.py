"""The model card of a registered version: everything its own run knows of it, as one page, and what it does not know as blanks."""

from training.card.comparison import comparison_of
from training.card.facts import Facts
from training.card.of_run import facts_of, facts_of_run
from training.card.page import card_of
from training.card.render import as_html, as_markdown, log_card, log_comparison, write_card

__all__ = [
    "Facts",
    "as_html",
    "as_markdown",
    "card_of",
    "comparison_of",
    "facts_of",
    "facts_of_run",
    "log_card",
    "log_comparison",
    "write_card",
]
