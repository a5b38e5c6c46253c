"""In words what results of one person leave open against each other, and what that does to criteria, scores and the risk."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
from numpy.typing import NDArray

from features.history.columns import MARROW
from features.table.marrow import method_name
from features.table.unsettled import CHAIN_CONTRADICTED, CHAINS, CORRECTED_ABOVE, LONE_KAPPA, LONE_LAMBDA, RATIOS_CONTRADICT
from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.criteria import CALCIUM_ABOVE_MG_DL
from serving.answer.scored import Scored
from serving.answer.sentences import figure

KAPPA, LAMBDA = CHAINS
_OPEN = "criteria and scores that this leaves open are unknown"


LONE_CHAIN, RATIO_CONTRADICTED, CHAIN_CONTRADICTS, CALCIUM_OPEN = "lone_chain", "ratio_contradicted", "chain_contradicted", "calcium_open"


def unsettled(scored: Scored) -> dict[str, NDArray[np.bool_]]:
    """Return by code where results contradict each other, or leave a criterion open (rows,)."""
    total, corrected = (scored.view[f"{name}__last__ever"] for name in ("calcium", "calcium_corrected"))
    would = (corrected > CALCIUM_ABOVE_MG_DL) & np.isnan(scored.criteria["calcium"])
    return {
        LONE_CHAIN: scored.unsettled & (LONE_KAPPA | LONE_LAMBDA) > 0,
        RATIO_CONTRADICTED: scored.unsettled & RATIOS_CONTRADICT > 0,
        CHAIN_CONTRADICTS: scored.unsettled & CHAIN_CONTRADICTED > 0,
        CALCIUM_OPEN: would & (np.isnan(total) | (scored.unsettled & CORRECTED_ABOVE > 0)),
    }


class Told:
    """What is said of one row: by criterion for its note, and as warnings."""

    def __init__(self, scored: Scored, lesion: str = "", row: int = 0) -> None:
        self._view, self._row = scored.view, row
        self._why, self._marrow = int(scored.unsettled[row]), scored.marrow
        self._found = {code: bool(rows[row]) for code, rows in unsettled(scored).items()}
        self._day = int(scored.view.landmark[row])
        self._is_open = {key: isnan(float(status[row])) for key, status in scored.criteria.items()}
        self.notes: dict[str, str] = {"bone": lesion} if lesion else {}
        self.warnings: list[str] = []
        self._tell_chains()
        self._tell_calcium()
        self._tell_marrow()

    def _value(self, name: str) -> float:
        return float(self._view[f"{name}__last__ever"][self._row])

    def _on(self, name: str) -> str:
        return date_of(self._day - int(self._view[f"{name}__age_days__ever"][self._row]))

    def _tell_chains(self) -> None:
        said = []
        if self._found[LONE_CHAIN]:
            said.append(self._lone())
        if self._found[RATIO_CONTRADICTED]:
            said.append(self._contradiction())
        if self._found[CHAIN_CONTRADICTS]:
            said.append(self._other_chain())
        self.warnings += said
        if said and self._is_open["light_chains"]:
            self.notes["light_chains"] = "; ".join(said)

    def _lone(self) -> str:
        alone = [name for name, why in ((KAPPA, LONE_KAPPA), (LAMBDA, LONE_LAMBDA)) if self._why & why]
        listed = " and ".join(f"{catalogue()[name].name} {figure(self._value(name))} mg/L of {self._on(name)}" for name in alone)
        what = f"not used: {listed}: without the other chain of the same day there is no ratio"
        hint = "both chains are drawn together: look for the other one, or for a slip of the day"
        if isnan(self._value("flc_ratio")):
            return f"{what}; {hint}"
        return f"{what}; the ratio in use is that of {self._on('flc_ratio')}, and what it does not meet is unknown now; {hint}"

    def _contradiction(self) -> str:
        kappa, lambda_ = self._value("flc_kappa"), self._value("flc_lambda")
        used, day = self._value("flc_ratio"), self._on("flc_ratio")
        chains = (
            f"kappa {figure(kappa)} and lambda {figure(lambda_)} mg/L" if self._on("flc_kappa") == day == self._on("flc_lambda") else ""
        )
        other = chains or f"a kappa / lambda ratio of {figure(self._value('kappa_lambda_ratio'))}"
        return (
            f"contradiction: of {day} a ratio of {figure(used)} (involved / uninvolved) was reported, and {other}, which make another; "
            f"the model takes the ratio, {_OPEN}; correct the one that is wrong"
        )

    def _other_chain(self) -> str:
        ratio, day = self._value("kappa_lambda_ratio"), self._on("kappa_lambda_ratio")
        low, _ = catalogue()["kappa_lambda_ratio"].expected or (0.0, 0.0)
        record, results = ("kappa", "lambda") if ratio < low else ("lambda", "kappa")
        return (
            f"contradiction: the light chain on record is {record}, and the results of {day} point to {results} "
            f"(kappa / lambda {figure(ratio, 3)}); the model takes the record, {_OPEN}; correct the record or the results"
        )

    def _tell_calcium(self) -> None:
        if not self._found[CALCIUM_OPEN]:
            return
        total, corrected = self._value("calcium"), self._value("calcium_corrected")
        alone = "total calcium is not known" if isnan(total) else f"total calcium, {figure(total)} mg/dL of {self._on('calcium')}, does not"
        self.notes["calcium"] = (
            f"calcium corrected for albumin, {figure(corrected)} mg/dL of {self._on('calcium_corrected')}, would meet this, and {alone}: "
            "the criterion is of serum calcium, so this is open"
        )
        self.warnings.append(f"open: hypercalcemia: {self.notes['calcium']}; clinician review, with ionized calcium where in doubt")

    def _tell_marrow(self) -> None:
        if self._marrow is None or isnan(self._marrow.value[self._row]):
            return
        by, of_latest = (method_name(int(places[self._row])) for places in (self._marrow.method, self._marrow.of_latest))
        self.notes["marrow"] = (
            f"met by {by}; the later {figure(self._value(MARROW))} % of {self._on(MARROW)} by {of_latest} does not undo it: "
            "of several methods the higher counts"
        )


def with_lesion(scored: Scored) -> Scored:
    """Return the answer's rows of people who have an osteolytic lesion."""
    met = np.full(len(scored.view.patient), True)
    criteria = scored.criteria | {"bone": met.astype(np.float64)}
    return replace(scored, criteria=criteria, criteria_met=met & scored.artifact.rules.criteria_guard)


def instead_of_latest(scored: Scored, inputs: dict[str, float]) -> dict[str, float]:
    """Return the inputs of the criteria of one person, with the marrow that stands against a later one of another method."""
    if scored.marrow is None or isnan(scored.marrow.value[0]):
        return inputs
    return inputs | {MARROW: scored.marrow.value.item(0), f"{MARROW}__age_days": scored.marrow.age_days.item(0)}
