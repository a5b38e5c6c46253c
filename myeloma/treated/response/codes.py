"""The numbers that arrays of response hold, and their words: categories, paths, columns of an assessment, kinds of progression, notes."""

from __future__ import annotations

# Categories, from the worst to the best. Not evaluable has no place in this order: it says that no category can be stated.
NE, PD, SD, MR, PR, VGPR, CR, SCR = -1, 0, 1, 2, 3, 4, 5, 6
CATEGORIES = {NE: "NE", PD: "PD", SD: "SD", MR: "MR", PR: "PR", VGPR: "VGPR", CR: "CR", SCR: "sCR"}

# What a person's response is followed by: what was measurable at baseline.
UNKNOWN, NONE, SERUM, URINE, BOTH, FLC, MARROW = -1, 0, 1, 2, 3, 4, 5
PATHS = {
    UNKNOWN: "unknown",
    NONE: "nothing measurable",
    SERUM: "serum",
    URINE: "urine",
    BOTH: "serum and urine",
    FLC: "light chains only",
    MARROW: "marrow only",
}

# Columns of an assessment, in the order in which the compiled loops hold them.
COLUMNS = (
    "m_protein",
    "urine_m_protein",
    "flc_involved",
    "flc_uninvolved",
    "bmpc",
    "calcium",
    "hemoglobin",
    "creatinine",
    "flc_ratio_normal",
    "serum_immunofixation",
    "urine_immunofixation",
    "clonal_cells_absent",
    "plasmacytoma",
    "new_lesion",
    "drug_band",
)
M, URINE_M, INVOLVED, UNINVOLVED, BMPC, CALCIUM, HEMOGLOBIN, CREATININE = range(8)
RATIO_NORMAL, SERUM_IFE, URINE_IFE, CLONAL_ABSENT, PLASMACYTOMA, LESION, DRUG_BAND = range(8, 15)
AMOUNTS, FINDINGS = COLUMNS[:RATIO_NORMAL], COLUMNS[RATIO_NORMAL:]  # findings are 1, 0 or NaN
# Whether an amount is a limit below or above which the result lies ("<5", ">60"); they follow the columns.
LIMITS = (*(f"{name}_below" for name in AMOUNTS), *(f"{name}_above" for name in AMOUNTS))

# By what a person progressed, added up.
BY_SERUM, BY_URINE, BY_FLC, BY_MARROW, BY_IMAGING = 1, 2, 4, 8, 16
KINDS = {BY_SERUM: "serum M-protein", BY_URINE: "urine M-protein", BY_FLC: "light chains", BY_MARROW: "marrow", BY_IMAGING: "imaging"}

# Remarks on one visit, added up.
AT_BASELINE, AFTER_NEW_THERAPY, NO_BASELINE = 1, 2, 4
NO_SERUM, NO_URINE, NO_FLC, NO_MARROW, NO_RATIO, NO_SERUM_IFE, NO_URINE_IFE = 8, 16, 32, 64, 128, 256, 512
SERUM_ONLY, URINE_BASELINE_UNKNOWN, MAYBE_DRUG, CONTRADICTION = 1024, 2048, 4096, 8192
PROGRESSION_OPEN, PLASMACYTOMA_OPEN, LATE_CONFIRMATION, SERUM_VOID = 16384, 32768, 65536, 131072
QUANTIFIED, UNKNOWN_DRUG = 262144, 524288
NOTES = {
    AT_BASELINE: "on or before the day of the first dose: no response",
    AFTER_NEW_THERAPY: "after a new therapy: says nothing of this line",
    NO_BASELINE: "what was measurable before the first dose is not known",
    NO_SERUM: "serum M-protein not measured",
    NO_URINE: "urine M-protein not measured",
    NO_FLC: "light chains not measured",
    NO_MARROW: "marrow not known: CR unconfirmed",
    NO_RATIO: "light-chain ratio not known",
    NO_SERUM_IFE: "serum immunofixation not known",
    NO_URINE_IFE: "urine immunofixation not known",
    SERUM_ONLY: "urine not collected: by serum only, and no CR",
    URINE_BASELINE_UNKNOWN: "urine not collected before the first dose: taken as not measurable",
    MAYBE_DRUG: "the band may be an antibody's: CR not assessable without shift assay or mass spectrometry",
    UNKNOWN_DRUG: "regimen or isotype not known, so the band may be an antibody's: CR not assessable without shift assay",
    CONTRADICTION: "immunofixation negative, but the M-protein has not fallen to VGPR: the amount counts",
    QUANTIFIED: "serum immunofixation negative, but serum M-protein was quantified: the amount counts, and no CR",
    PROGRESSION_OPEN: "whether this is progression is open",
    PLASMACYTOMA_OPEN: "a plasmacytoma was last seen and its size is not known",
    LATE_CONFIRMATION: "confirmed more than 84 days later",
    SERUM_VOID: "serum never measurable: its part is left out",
}


def words(bits: int, names: dict[int, str]) -> list[str]:
    """Return the words of what was added up.

    Examples
    --------
    >>> words(BY_SERUM + BY_IMAGING, KINDS)
    ['serum M-protein', 'imaging']
    """
    return [name for bit, name in names.items() if bits & bit]
