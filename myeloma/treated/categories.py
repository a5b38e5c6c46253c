"""Categories of response, from best to worst: the code of a category is its position (Kumar, Lancet Oncol 2016;17:e328-46)."""

from __future__ import annotations

CATEGORIES = ("sCR", "CR", "VGPR", "PR", "MR", "SD", "PD")
SCR, CR, VGPR, PR, MR, SD, PD = range(len(CATEGORIES))
NOT_ASSESSED = -1
