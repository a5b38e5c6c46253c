"""PANGEA-SMM and PANGEA 2023: Cox models with published coefficients and baseline survival.

PANGEA-SMM: Chabrun et al., Nature Medicine 2026, 10.1038/s41591-026-04304-x; coefficients, means and baseline from the
authors' public repository (pangea-study/pangea_2.0, MIT licence, models `pangea_bm_traj_alt` and
`pangea_no_bm_traj_alt`; whether the published paper uses exactly these fits is unconfirmed). PANGEA 2023: Cowan et al.,
Lancet Haematology 2023 (PMID 36858677; other citation details unconfirmed), same repository.

risk(t) = 1 - S0(t) ** exp(lp), lp = sum of coefficient x (value - mean). As published, the clock starts anew at each
visit, death is censoring (so in old people the absolute risk is overstated), and an evolving flag without an earlier
value is 0. The public calculator says it is not for commercial use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.compiled import compiled
from myeloma.laid_out import laid_out
from myeloma.scores.checks import check_names, checked, limits
from myeloma.scores.score import ScoreResult, not_computable

Array = NDArray[np.float64]
FLAGS = ("hgb_traj", "iuratio_traj", "mspike_traj", "creatinine_traj")
GROUPS = ("low", "intermediate", "high")
SHOWN_MONTHS = (12, 24, 60, 120)  # as the public calculator shows
GROUP_CUTS = (0.10, 0.40)  # two-year risk: low < 10 %, intermediate 10-40 %, high > 40 %
HEAVY_CHAIN_IGM = "heavy_chain_igm"  # beside the inputs, 1 where the M-protein is IgM
OF_IGM = "not computable: heavy chain IgM, and the people of PANGEA-SMM were chosen by an M-protein other than IgM"
TOLERANCE = 1e-9  # a risk of 10 % stays one in binary arithmetic
_YEARS = (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)


@dataclass(frozen=True)
class Pangea:
    """One published PANGEA model.

    `coefficients` and `means` are by term; `log` names the terms that enter by their natural logarithm; `baseline` is S0
    at `months`; `non_igm` says that its people were chosen by an M-protein other than IgM, so that nothing is computed for IgM.
    Values: M-protein g/dL, ratio involved / uninvolved, marrow %, creatinine mg/dL, age years, flags 0/1.
    """

    key: str
    name: str
    citation: str
    coefficients: dict[str, float]
    means: dict[str, float]
    months: tuple[float, ...]
    baseline: tuple[float, ...]
    log: tuple[str, ...] = ("flc_ratio", "creatinine")
    population: str = "smm"
    non_igm: bool = False
    outcome: str = "progression, deaths censored"

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(self.coefficients)

    def linear_predictor(self, **inputs: ArrayLike) -> Array:
        """Return the centred linear predictor; NaN where an input is unknown. Nothing is imputed.

        Raises
        ------
        DataError
            An input is infinite or outside its hard range.
        """
        shape, values = laid_out({name: inputs[name] for name in self.inputs}, self.inputs)
        return self._computed(values, self._baselines(()))[0].reshape(shape)

    def risk(self, horizon: int, **inputs: ArrayLike) -> Array:
        """Return the risk at a horizon in months, NaN where an input is unknown or no baseline is published.

        Examples
        --------
        >>> case = dict(m_protein=2.5, flc_ratio=30, bmpc=30, creatinine=1.0, age=65) | dict.fromkeys(FLAGS, 0)
        >>> round(float(PANGEA_SMM.risk(24, **case)), 3)
        0.264
        """
        shape, values = laid_out({name: inputs[name] for name in self.inputs}, self.inputs)
        return self._computed(values, self._baselines((horizon,)))[1].reshape(shape)

    def group(self, **inputs: ArrayLike) -> NDArray[np.int64]:
        """Return the position in `GROUPS` by two-year risk, -1 where it is not computable."""
        return _group_of(self.risk(24, **inputs))

    def evaluate(self, **inputs: float | None) -> ScoreResult:
        """Return group and published risks for one person; None or NaN means unknown, and nothing is then computed.

        Raises
        ------
        TypeError
            An input that the model does not have.
        """
        check_names(self.key, inputs, self.inputs)
        return self.judge({name: math.nan if (value := inputs.get(name)) is None else float(value) for name in self.inputs})

    def judge(self, values: Mapping[str, float]) -> ScoreResult:
        """Return what `evaluate` does, of values by name, NaN where unknown, that hold every input; others are left aside.

        But for `HEAVY_CHAIN_IGM`, where the people of the model were chosen by it.
        """
        if self.non_igm and values.get(HEAVY_CHAIN_IGM) == 1.0:
            return ScoreResult(None, None, GROUPS, (), {}, OF_IGM)
        known = [values[name] for name in self.inputs]
        if any(map(math.isnan, known)):
            missing = tuple(name for name in self.inputs if math.isnan(values[name]))
            return ScoreResult(None, None, GROUPS, missing, {}, not_computable(missing))
        risks = self._computed(np.array(known)[:, None], self._shown)[1].ravel().tolist()
        group = GROUPS[(risks[0] >= GROUP_CUTS[0] - TOLERANCE) + (risks[0] > GROUP_CUTS[1])]  # as `_group_of` has it
        shown = zip(SHOWN_MONTHS, risks[1:], strict=True)
        return ScoreResult(group, None, (group,), (), {months: risk for months, risk in shown if float(months) in self.months})

    def _baselines(self, months: tuple[int, ...]) -> Array:
        """Return S0 at months, NaN where none is published."""
        at = dict(zip(self.months, self.baseline, strict=True))
        return np.array([at.get(float(month), np.nan) for month in months], dtype=float)

    @cached_property
    def _shown(self) -> Array:
        return self._baselines((24, *SHOWN_MONTHS))

    def _computed(self, values: Array, baseline: Array) -> tuple[Array, Array]:
        """Return the linear predictor (rows,), and the risks by S0 at horizons (horizons, rows), of inputs in rows (inputs, rows)."""
        predictor, risks = np.empty(values.shape[1]), np.empty((len(baseline), values.shape[1]))
        impossible = _compute(values, self._terms, baseline, predictor, risks)
        if impossible >= 0:
            checked(self.inputs[impossible], values[impossible])
        return predictor, risks

    @cached_property
    def _terms(self) -> Array:
        """Return, for each input (a column): coefficient, mean, whether its logarithm enters, and its hard limits."""
        columns = [
            (coefficient, self.means.get(name, 0.0), name in self.log, *limits(name)[:2]) for name, coefficient in self.coefficients.items()
        ]
        return np.array(columns, dtype=float).T.copy()


def _group_of(risk: Array) -> NDArray[np.int64]:
    group = (risk >= GROUP_CUTS[0] - TOLERANCE).astype(np.int64) + (risk > GROUP_CUTS[1])
    return np.where(np.isnan(risk), -1, group)


@compiled
def _compute(values: Array, terms: Array, baseline: Array, predictor: Array, risks: Array) -> int:
    """Write linear predictors and risks; return the first input that holds an impossible value, -1 where there is none.

    A person's own figures are made here too, so that they are a cohort's to the last bit.
    """
    for k in range(len(values)):
        for r in range(values.shape[1]):
            if values[k, r] < terms[3, k] or values[k, r] > terms[4, k] or np.isinf(values[k, r]):
                return k
    for r in range(values.shape[1]):
        total = 0.0
        for k in range(len(values)):
            value = values[k, r]
            if terms[2, k] == 1.0:
                value = np.log(value) if value > 0.0 else np.nan
            total += terms[0, k] * (value - terms[1, k])
        predictor[r] = total
        for h in range(len(baseline)):
            risks[h, r] = 1.0 - baseline[h] ** np.exp(total)
    return -1


_MONTHS = tuple(12.0 * year for year in _YEARS)
_CITATION_2026 = "Chabrun, Nature Medicine 2026, 10.1038/s41591-026-04304-x; coefficients: pangea-study/pangea_2.0"
_CITATION_2023 = "Cowan, Lancet Haematology 2023 (PMID 36858677); coefficients: pangea-study/pangea_2.0"

PANGEA_SMM = Pangea(
    key="pangea_smm",
    non_igm=True,
    name="PANGEA-SMM with marrow",
    citation=_CITATION_2026,
    coefficients={
        "m_protein": 0.29165467902735565,
        "flc_ratio": 0.3442638359945826,
        "bmpc": 0.04998833073920812,
        "creatinine": 0.4320280987878844,
        "age": 0.02544753844433702,
        "hgb_traj": 1.1671867848878759,
        "iuratio_traj": 0.7010158197202225,
        "mspike_traj": 0.540389090768051,
        "creatinine_traj": 0.6598696250792325,
    },
    means={
        "m_protein": 1.19876363998407,
        "flc_ratio": 1.6168777218603645,
        "bmpc": 17.397072879330945,
        "creatinine": -0.03604562234654576,
        "age": 64.14277628437885,
    },
    months=_MONTHS,
    baseline=(
        *(0.996980, 0.982920, 0.977526, 0.967897, 0.958782, 0.943463, 0.931921, 0.917968, 0.903636),
        *(0.885434, 0.874214, 0.868200, 0.853655, 0.828749, 0.802361, 0.778593, 0.759797),
    ),
)

PANGEA_SMM_NO_MARROW = Pangea(
    key="pangea_smm_no_marrow",
    non_igm=True,
    name="PANGEA-SMM without marrow",
    citation=_CITATION_2026,
    coefficients={
        "m_protein": 0.42459985245615195,
        "flc_ratio": 0.43550955033535965,
        "creatinine": 0.3479500540953128,
        "age": 0.025998852832822363,
        "hgb_traj": 1.2130411759186392,
        "iuratio_traj": 0.8306356054877523,
        "mspike_traj": 0.6822615626464635,
        "creatinine_traj": 0.7314093252780427,
    },
    means={
        "m_protein": 1.2090528439661798,
        "flc_ratio": 1.6060576369412396,
        "creatinine": -0.039533609308131816,
        "age": 64.19157544145149,
    },
    months=_MONTHS,
    baseline=(
        *(0.992927, 0.975073, 0.969382, 0.959440, 0.950840, 0.936226, 0.924290, 0.910931, 0.896350),
        *(0.878644, 0.866672, 0.860878, 0.843098, 0.814976, 0.788955, 0.764094, 0.745302),
    ),
)

# "No history" mode of the authors: every flag is 0.
PANGEA_SMM_STATIC, PANGEA_SMM_NO_MARROW_STATIC = (
    replace(
        model,
        key=f"{model.key}_static",
        name=f"{model.name}, without history",
        coefficients={name: value for name, value in model.coefficients.items() if name not in FLAGS},
    )
    for model in (PANGEA_SMM, PANGEA_SMM_NO_MARROW)
)

PANGEA_2023 = Pangea(
    key="pangea_2023",
    name="PANGEA 2023 with marrow",
    citation=_CITATION_2023,
    coefficients={
        "flc_ratio": 0.252215,
        "m_protein": 0.329349,
        "age": 0.030917,
        "creatinine": 0.964427,
        "bmpc": 0.053654,
        "hemoglobin_falling": 0.542652,
    },
    means={"flc_ratio": 1.399971, "m_protein": 1.017879, "age": 64.348314, "creatinine": -0.042700, "bmpc": 14.335983},
    months=(12.0, 24.0, 36.0, 60.0, 120.0),
    baseline=(0.981111, 0.958050, 0.935169, 0.892879, 0.801619),
)

PANGEA_2023_NO_MARROW = Pangea(
    key="pangea_2023_no_marrow",
    name="PANGEA 2023 without marrow",
    citation=_CITATION_2023,
    coefficients={
        "flc_ratio": 0.464482,
        "m_protein": 0.531105,
        "age": 0.036859,
        "creatinine": 0.854456,
        "hemoglobin_falling": 0.486839,
    },
    means={"flc_ratio": 1.240740, "m_protein": 0.918021, "age": 65.456138, "creatinine": -0.045297},
    months=(12.0, 24.0, 36.0, 60.0, 120.0),
    baseline=(0.984747, 0.964051, 0.944185, 0.900729, 0.811473),
)
