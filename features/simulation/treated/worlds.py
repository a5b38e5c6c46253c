"""Every number of the treated world, in one place: either cited, or an assumption of ours.

Sources are named where they give a number. Every number without one is an assumption, chosen so that the simulated cohort has the
published summary figures (tests/features/simulation/treated/test_targets.py); other choices may have them too. That is why there is
a second world. Not published at all, so assumed as a whole: dormancy and when it ends, quality of life under therapy, failures and
patchiness of marrow tests, how often each cytogenetic finding is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from myeloma.catalogue import DEFAULT_PATH, read_catalogue


@dataclass(frozen=True)
class Site:
    """A centre: its share of people, its units and its assay of residual disease. All of it is assumed."""

    name: str
    share: float
    mrd_method: str
    si_protein: bool = False  # g/L for M-protein and hemoglobin
    si_creatinine: bool = False  # umol/L
    mrd_unit: str = "1"


@dataclass(frozen=True)
class Regimen:
    """A first line: who gets it, how deep it goes, and how well it holds what is left.

    `residual` and `residual_sd` say how much is left of people who are not cured: log10 of the share of plasma cells in the marrow (of
    the first burden for smoldering people). `hold` multiplies the rate at which what sleeps wakes, while therapy goes on.
    """

    name: str
    share: float
    age: float
    cured: float
    residual: float
    residual_sd: float
    kill_years: float  # the logarithm of the burden has gone 63 % of its way by then
    hold: float
    stop_rate: float  # per year, for other reasons than the disease
    transplant: float = 0.0
    maintenance: tuple[str, ...] = ()
    anti_cd38: bool = False
    longest: float = 30.0  # years
    stage: str = "mm"


REGIMENS = (
    Regimen("D-VRd", 0.32, 59, 0.31, -5.9, 2.1, 0.33, 0.085, 0.05, 0.88, ("daratumumab", "lenalidomide"), True),
    Regimen("VRd", 0.26, 59, 0.12, -4.88, 1.9, 0.60, 0.42, 0.07, 0.88, ("lenalidomide",)),
    Regimen("D-Rd", 0.18, 73, 0.10, -4.3, 1.30, 0.6, 0.11, 0.15, anti_cd38=True),
    Regimen("Rd", 0.10, 73, 0.03, -3.2, 1.10, 0.6, 0.36, 0.15),
    # Stopped after 36 months: label, ascopost 25 Nov 2025.
    Regimen("daratumumab", 0.14, 64, 0.05, -0.57, 0.80, 0.35, 0.60, 0.06, anti_cd38=True, longest=3.0, stage="smm"),
)


def _published_cv() -> dict[str, float]:
    """Return the variation within a person of the catalogue, where each figure has its source."""
    shipped = read_catalogue(DEFAULT_PATH)  # a world does not change with a user's own entries
    names = ("m_protein", "flc_kappa", "flc_lambda", "urine_m_protein", "hemoglobin", "creatinine", "calcium", "albumin", "ldh")
    return {name: cv for name in names if (cv := shipped[name].cv) is not None}


@dataclass(frozen=True)
class World:
    """The parameters of one simulated treated world. Times in years, rates per year, markers in their canonical units."""

    sites: tuple[Site, ...] = (
        Site("east", 0.30, "NGF", si_protein=True),
        Site("north", 0.35, "NGS", mrd_unit="10*-6"),
        Site("south", 0.20, "flow", si_protein=True, si_creatinine=True, mrd_unit="%"),
        Site("west", 0.15, "NGS", si_creatinine=True),
    )
    regimens: tuple[Regimen, ...] = REGIMENS

    # People.
    age_sd: float = 7.0
    female: float = 0.45
    heavy_chains: dict[str, float] = field(
        default_factory=lambda: {"IgG": 0.62, "IgA": 0.19, "light_chain": 0.16, "IgD": 0.02, "IgM": 0.01}
    )
    kappa: float = 0.68
    burden: float = 0.38  # median share of plasma cells in the marrow; of smoldering people:
    burden_smm: float = 0.20
    burden_spread: float = 0.50  # standard deviation of the logarithm, as for all named `spread`
    m_protein: float = 3.3
    m_protein_smm: float = 2.2
    m_protein_spread: float = 0.45
    chain: float = 260.0  # involved free light chain, mg/L
    chain_of_light_chain: float = 1500.0
    chain_spread: float = 1.1
    uninvolved_chain: float = 11.0
    uninvolved_spread: float = 0.30
    urine_share: float = 0.30  # of people with an intact immunoglobulin; in light chain disease all
    urine: float = 350.0  # mg in 24 hours
    urine_of_light_chain: float = 1400.0
    urine_spread: float = 0.9
    # Shares of findings are assumed. Genomic risk could not be determined in 32 % of a registry's 832 people (thelimbic.com, 2025).
    findings: dict[str, float] = field(
        default_factory=lambda: {
            "t(4;14)": 0.11,
            "t(14;16)": 0.03,
            "del(17p)": 0.09,
            "gain(1q)": 0.33,
            "del(1p)": 0.08,
            "t(11;14)": 0.17,
            "hyperdiploidy": 0.45,
        }
    )
    fish_unknown: float = 0.32

    # Therapy kills; how fast differs between people. In those who are cured all of it goes.
    kill_spread: float = 0.7

    # What is left of the disease sleeps, and wakes at a rate; a person who is cured has nothing left that could.
    wake: float = 0.15  # of a person with 1e-5 left, no high-risk lesion, off therapy
    wake_smm: float = 0.09  # with the first burden left
    wake_per_log10: float = 0.36
    wake_smm_per_log10: float = 0.30
    wake_from: float = 0.3  # years from the start of therapy; nothing wakes before
    # By number of high-risk lesions, 0 / 1 / 2 and more. MASTER: progression or return of residual disease 4 / 0 / 27 % in the year
    # after therapy was stopped, progression in 2 years 9 % (0-1) against 47 % (JCO 2022;40:2901).
    wake_by_lesions: tuple[float, float, float] = (1.0, 1.2, 18.0)
    frailty_spread: float = 0.95  # what no marker tells, but for what b2m and LDH at the start do
    sleeps: bool = True  # False: what is left and not cured grows on from the start
    # Growth from the day of waking, Gompertz: fast while little is left, slower towards a full marrow. Aims: 1.0 year from the return of
    # residual disease to relapse (Blood Adv 2021005822); M-protein doubles in 6.3 months (median) at relapse (Eur J Haematol 1996;57:247).
    slowing: bool = True  # False: exponential growth at this rate
    growth: float = 1.0
    growth_spread: float = 0.50
    growth_high_risk: float = 1.25  # times, with two lesions or more
    growth_smm: float = 1.0  # times, in smoldering people
    growth_hidden: float = 0.0  # how far the hidden frailty drives growth, on the log scale
    fullest: float = 0.95  # share of the marrow
    secretion_spread: float = 0.9  # of what wakes, against the first clone

    # Progression. Biochemical: found at this rate once beyond the IMWG limits (Kumar, Lancet Oncol 2016;17:e328-46).
    found: float = 24.0
    found_at: float = 1.6  # times the burden at the limit: serum follows the burden weeks later, and a second result confirms
    found_sharpness: float = 8.0  # of the logistic curve in the logarithm of the burden: near the limit noise decides
    # Clinical: aims 40 % of first relapses clinical, 5 months from biochemical to clinical, 20 % biochemical for years
    # (Blood Adv 2023;7:909).
    clinical: float = 26.0  # at a marrow of 20 %, per year
    clinical_power: float = 1.9
    clinical_frailty_shape: float = 0.375  # gamma, mean 1
    unforeseen: float = 0.003  # a relapse that nothing foretells, in everybody
    extramedullary: float = 0.12  # of clinical relapses
    # Blood Adv 2023;7:909, of clinical relapses: anemia 38.0 %, renal 12.7 %.
    relapse_anemia: float = 0.38
    relapse_renal: float = 0.127
    unrecorded: float = 0.06  # progressions that no event records: only the next line tells
    treat_biochemical: float = 0.70  # share of biochemical relapses treated at once; the others when they become clinical
    second_lines: tuple[str, ...] = ("KRd", "D-Rd")  # after an anti-CD38 antibody, and without one
    second_depth: float = 1.3  # log10
    second_depth_sd: float = 0.8
    second_wake: float = 0.7

    # Death: the life table times this, and more from the disease. After relapse: median survival 59.4 months if biochemical, 26.2 if
    # clinical (Blood Adv 2023;7:909), exponential.
    death_factor: float = 0.8
    death_excess: float = 0.004
    death_biochemical: float = 0.14
    death_clinical: float = 0.32

    # What ends observation.
    loss: float = 0.04
    entry: tuple[str, str] = ("2012-01-01", "2021-12-31")
    study_end: str = "2024-12-31"
    most_years: float = 12.0

    # Visits: months after the start of therapy, then every so many.
    early_visits: tuple[float, ...] = (1, 2, 3, 4, 6, 8, 10, 12)
    visit_months: float = 3.0
    late_visit_months: float = 4.0  # after 36 months
    visit_jitter: float = 0.12  # of the interval
    marrow_months: tuple[float, ...] = (5, 11, 18, 24, 30, 37, 46, 60, 72, 96, 120)  # for residual disease
    marrow_taken: dict[str, float] = field(
        default_factory=lambda: {"D-VRd": 0.92, "VRd": 0.92, "D-Rd": 0.75, "Rd": 0.75, "daratumumab": 0.4}
    )
    quality_months: float = 6.0
    quality_taken: float = 0.7
    urine_taken: float = 0.3
    chains_taken: float = 0.9
    imaging_taken: float = 0.5  # of the visits with a marrow
    dira_taken: float = 0.3

    # The laboratory. Half-lives in days: IgG, IgA, IgD Rogentine 1966; IgM Barth, J Clin Invest 1964. Light chains go at once: hours.
    half_life: dict[str, float] = field(default_factory=lambda: {"IgG": 23.0, "IgA": 6.0, "IgM": 5.1, "IgD": 2.8})
    cv: dict[str, float] = field(default_factory=_published_cv)
    noise_freedom: float = 0.0  # 0: normal on the log scale; above 2: Student's t with as many degrees of freedom, same spread
    m_protein_limit: float = 0.1  # g/dL, below it "<0.1"; immunofixation sees 0.02 (clinlabnavigator)
    fixation_limit: float = 0.02
    late_share: dict[str, float] = field(default_factory=lambda: {"flc": 0.05, "marrow": 0.5})
    late_days: tuple[int, int] = (2, 14)
    # Residual disease. Limits by method: EuroFlow 2 in 10^6 (PMC5728052), sequencing 10^-6 (PMC7133460), flow 10^-5.
    mrd_limit: dict[str, float] = field(default_factory=lambda: {"NGF": 2e-6, "NGS": 1e-6, "flow": 1e-5})
    mrd_noise: float = 0.10  # log10, of one sample
    mrd_patchy: float = 0.02  # share of samples that hold a tenth or less of what the marrow does
    mrd_failed: float = 0.05  # no result
    mrd_few_cells: float = 0.04  # a limit ten times as high
    # Drug band under daratumumab, IgG kappa: there in 28 of 33, lost at 0.08 per month after week 24 (HemaSphere PS1427), 0.057 to 0.092
    # g/dL (Blood 2018), up to 0.20 (J Appl Lab Med 2021, jfab055); half-life 18 days after the last dose (drugs.com monograph).
    band_share: float = 28 / 33
    band: float = 0.075
    band_spread: float = 0.35
    band_most: float = 0.20
    band_weekly_years: float = 24 / 52.18
    band_lost: float = 0.96
    band_half_life: float = 18.0


TREATED = World()

# Another mechanism, to see whether a model was tuned to the first: nothing sleeps. What is resistant grows on from the start,
# exponentially and slowly, so that when a person relapses is a matter of how much was left and how fast it grows. Noise has heavy tails,
# many results are late, samples are patchier, few marrows are taken. It is not fitted to the published figures.
CONTRAST = replace(
    TREATED,
    sleeps=False,
    slowing=False,
    growth=1.9,
    growth_spread=0.40,
    growth_high_risk=1.6,
    growth_smm=0.12,
    growth_hidden=0.30,
    secretion_spread=0.6,
    found=4.0,
    clinical=3.0,
    clinical_power=1.2,
    clinical_frailty_shape=3.0,
    unforeseen=0.015,
    noise_freedom=4.0,
    mrd_patchy=0.2,
    mrd_noise=0.5,
    late_share={"flc": 0.4, "blood": 0.2, "marrow": 0.9},
    late_days=(3, 28),
    marrow_taken={"D-VRd": 0.6, "VRd": 0.6, "D-Rd": 0.4, "Rd": 0.4, "daratumumab": 0.2},
)

WORLDS = dict(treated=TREATED, treated_contrast=CONTRAST)  # noqa: C408 - the text would be taken for the reason code of that name
