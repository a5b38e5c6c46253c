"""Every number of the simulator, in one place: either cited, or an assumption of ours.

What a publication gives is marked with its source. "Chabrun 2026" is Chabrun et al., Nature Medicine 2026,
10.1038/s41591-026-04304-x: 1,031 people with smoldering myeloma in Boston, figures of the training rows as they stand in the
authors' public repository (pangea-study/pangea_2.0). Every number without a source is an assumption, chosen so that the
simulated cohort has the published summary figures; other choices may have them too. That is why there is a second world.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from myeloma import ConfigError
from myeloma.catalogue import DEFAULT_PATH, read_catalogue
from myeloma.errors import nearest


@dataclass(frozen=True)
class Site:
    """A centre: its share of people, what it writes, and how its people and its habits differ. All of it is assumed."""

    name: str
    share: float
    burden: float = 1.0  # its people's burden, times
    years_older: float = 0.0
    si_protein: bool = False  # g/L for M-protein and hemoglobin
    si_creatinine: bool = False  # umol/L
    chains_per_dl: bool = False  # light chains in mg/dL
    chains_missing: float = 0.09  # share of visits without light chains, which are ordered together or not at all


def _published_cv() -> dict[str, float]:
    """Return the within-person variation of the catalogue, where each figure has its source, and two assumed ones."""
    shipped = read_catalogue(DEFAULT_PATH)  # a world does not change with a user's own entries
    known = {name: shipped[name].cv for name in ("m_protein", "flc_kappa", "flc_lambda", "creatinine")}
    return {**{name: cv for name, cv in known.items() if cv is not None}, "hemoglobin": 0.028, "bmpc": 0.20}


@dataclass(frozen=True)
class World:
    """The parameters of one simulated world. Times in years, rates per year, markers in their canonical units."""

    sites: tuple[Site, ...] = (
        Site("east", 0.25, burden=0.95, si_protein=True, chains_missing=0.12),
        Site("north", 0.40, burden=1.05, chains_missing=0.06),
        Site("south", 0.20, burden=0.92, years_older=2.0, si_protein=True, si_creatinine=True, chains_missing=0.10),
        Site("west", 0.15, burden=1.0, years_older=-1.0, si_creatinine=True, chains_per_dl=True, chains_missing=0.14),
    )

    # People at the index date. Aims (Chabrun 2026, means over visits): age 64, M-protein 1.2 g/dL, geometric mean light chain
    # ratio 5, marrow 17 %, geometric mean creatinine 0.96 mg/dL.
    age: float = 61.5
    age_sd: float = 10.5
    female: float = 0.47
    kappa: float = 0.62
    burden: float = 14.8  # median share of plasma cells in the marrow, percent
    burden_spread: float = 0.68  # standard deviation of the logarithm, as for the two below
    m_protein: float = 0.96
    m_protein_spread: float = 0.46
    flc_ratio: float = 4.85
    flc_ratio_spread: float = 0.99
    marker_correlation: tuple[float, float, float] = (0.70, 0.63, 0.49)  # burden-M, burden-ratio, M-ratio
    uninvolved_chain: float = 12.0  # mg/L, near the middle of the reference ranges of Katzmann 2002
    uninvolved_chain_spread: float = 0.25
    hemoglobin: float = 13.6
    hemoglobin_sd: float = 1.0
    creatinine: float = 0.945
    creatinine_spread: float = 0.19

    # The disease. A slow clone, and a fast one that arrives at a constant rate or has arrived before the index date.
    slow_growth: float = 0.012
    slow_growth_sd: float = 0.035
    fast_present: float = 0.24
    fast_present_years: float = 10.0  # it arrived at any time within these years
    fast_arrival: float = 0.021
    fast_growth: tuple[float, float] = (0.15, 0.95)
    fast_size: float = 0.065  # at its arrival, of the slow clone's size at the index date
    growth_slowing: float = 0.0  # 0: exponential growth; above 0: Gompertz, growth rates fall at this rate
    m_protein_power: float = 0.95  # M-protein goes with burden to this power
    flc_ratio_power: float = 1.0
    late_years: float = 0.4  # hemoglobin and creatinine answer this much later,
    late_from: float = 30.0  # and to a burden above this, percent
    hemoglobin_fall: float = 3.2  # g/dL per unit of the logarithm of the excess
    creatinine_rise: float = 0.45
    hemoglobin_ageing: float = 0.02  # g/dL per year
    creatinine_ageing: float = 0.006  # relative, per year

    # Progression: an intensity, and the discovery of a SLiM-CRAB criterion that is truly reached (myeloma/criteria.py).
    intensity: float = 0.0042  # of a person with marrow 15 %, M-protein 1.2 g/dL, ratio 5, no growth
    per_log_burden: float = 1.3
    per_m_protein: float = 0.5
    per_log_flc_ratio: float = 0.4
    per_growth: float = 1.3  # per unit of the burden's relative growth per year
    frailty_shape: float = 1.5  # gamma with mean 1: what no marker tells
    unforeseen: float = 0.0135  # progression that no marker foretells, such as a first bone lesion
    # A criterion is found at this rate, times the share of results that would be beyond it: blood soon, marrow seldom.
    discovery: dict[str, float] = field(default_factory=lambda: {"flc_kappa": 1.5, "bmpc": 1.0, "hemoglobin": 3.0, "creatinine": 3.0})

    # Death: the life table, times this. Trials of smoldering myeloma give no curve of death without progression.
    death_factor: float = 1.0

    # What ends observation.
    loss: float = 0.14
    treatment: float = 0.03  # start of treatment per year, in people whose marrow at the index date is above 20 %
    treatment_effect: float = 0.49  # hazard ratio of progression under daratumumab: Dimopoulos, NEJM 2025;392:1777 (AQUILA)
    entry: tuple[str, str] = ("2004-01-01", "2022-12-31")
    study_end: str = "2024-12-31"
    most_years: float = 20.0

    # Visits. Quantiles of the interval: 5 / 25 / 50 / 75 / 95 % from Chabrun 2026; the ends are assumed.
    interval_at: tuple[float, ...] = (0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 1.0)
    interval: tuple[float, ...] = (0.04, 0.07, 0.365, 0.52, 0.65, 1.32, 2.5)
    m_protein_missing: float = 0.04
    creatinine_missing: float = 0.04
    hemoglobin_missing: float = 0.04
    marrow_at_index: float = 0.93
    marrow_later: float = 0.12

    # The laboratory. Light chains: both vary by the published figure, together so much that their ratio does too.
    cv: dict[str, float] = field(default_factory=_published_cv)
    chains_correlation: float = 0.5
    noise_freedom: float = 0.0  # 0: normal on the log scale; above 2: Student's t with as many degrees of freedom, same spread
    late_share: dict[str, float] = field(default_factory=lambda: {"flc": 0.04, "bmpc": 0.3})
    late_days: tuple[int, int] = (2, 14)


DEFAULT = World()

# Deliberately different, to see whether a model was tuned to the first: growth that slows, noise with heavy tails, many late
# results, another balance of what drives progression. It is not fitted to the published figures.
CONTRAST = replace(
    DEFAULT,
    growth_slowing=0.25,
    fast_growth=(0.6, 2.4),
    slow_growth=0.03,
    m_protein_power=1.0,
    flc_ratio_power=0.7,
    intensity=0.012,
    per_log_burden=0.6,
    per_m_protein=0.4,
    per_growth=1.6,
    frailty_shape=2.0,
    noise_freedom=4.0,
    late_share={"flc": 0.5, "m_protein": 0.3, "hemoglobin": 0.1, "creatinine": 0.1, "bmpc": 0.8},
    late_days=(3, 28),
)

WORLDS = {"default": DEFAULT, "contrast": CONTRAST}


def world_named(name: str) -> World:
    """Return a world by its name.

    Raises
    ------
    ConfigError
        There is no such world.
    """
    if name not in WORLDS:
        raise ConfigError(f'Unknown world "{name}".', nearest(name, WORLDS))
    return WORLDS[name]
