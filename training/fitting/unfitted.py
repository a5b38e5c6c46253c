"""Which candidates of a plan are not fitted, and whether a fit of them broke off or was never asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

from training.plan import Plan

ASKED = "asked"  # in a candidate's record and among its run's tags: the candidates its fit was asked for


def asked_in_words(names: Iterable[str]) -> str:
    """Return the candidates that a fit is asked for, as its record and its runs keep them."""
    return ", ".join(names)


def not_fitted(plan: Plan, there: Iterable[str]) -> list[str]:
    """Return the candidates of a plan that are not among those there, in the plan's order."""
    known = set(there)
    return [name for name in (*plan.models, *plan.scores) if name not in known]


def not_fitted_in_words(plan: Plan, there: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which candidates of a plan are missing, why, and what fits them; empty where none is.

    A fit is of all candidates, or of the one that `--model` names. One that was asked for and is not there was broken off.

    Parameters
    ----------
    there : the record or the tags of each candidate that is fitted, by name; those of before may not say what was asked for
    """
    missing = not_fitted(plan, there)
    if not missing:
        return ""
    asked = {name for record in there.values() for name in str(record.get(ASKED, "")).split(", ")}
    broken = [name for name in missing if name in asked]
    every = len(plan.models) + len(plan.scores)
    why = f"a fit that was asked for {_listed(broken)} broke off before it was done" if broken else "no fit was asked for them (--model)"
    known = f"; {why}" if broken or asked != {""} else ""
    table = next((quote(str(record["table"])) for record in there.values() if "table" in record), "TABLE")
    return (
        f"{len(missing)} of the {every} candidates planned for {plan.task.name} are not fitted: {', '.join(missing)}{known}. "
        f"All figures here are of the others alone. To fit all: python -m training fit {table} --task {plan.task.name}, then evaluate."
    )


def _listed(names: list[str]) -> str:
    return "them" if len(names) > 3 else " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
