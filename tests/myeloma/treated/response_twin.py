"""A second implementation of response: tables of rules, exact whole numbers, all people at once and one visit after the other.

It shares nothing with the product but the numbers of the codes. Amounts are whole numbers: serum in tenths of g/dL, urine in mg/24 h,
light chains in mg/L, marrow in %; so that no tolerance is needed. An amount is a pair of arrays, lowest and highest; `MISSING` where
not measured. Findings are 1, 0 or MISSING. Arrays have the shape (visits, people).
"""

import numpy as np

MISSING = -1
NE, PD, SD, MR, PR, VGPR, CR, SCR = -1, 0, 1, 2, 3, 4, 5, 6
UNKNOWN, NONE, SERUM, URINE, BOTH, FLC, MARROW = -1, 0, 1, 2, 3, 4, 5

# Path, category, and what all must hold: amount, "fall" of so many percent or "below" so much; alternatives in one entry.
RESPONSE = [
    ((SERUM, BOTH), VGPR, [[("serum", "fall", 90)], [("urine", "below", 100)]]),
    ((SERUM, BOTH), PR, [[("serum", "fall", 50)], [("urine", "below", 200), ("urine", "fall", 90)]]),
    ((SERUM, BOTH), MR, [[("serum", "fall", 25)], [("urine", "below", 200), ("urine", "fall", 50)]]),
    ((URINE,), VGPR, [[("urine", "below", 100)]]),
    ((URINE,), PR, [[("urine", "below", 200), ("urine", "fall", 90)]]),
    ((URINE,), MR, [[("urine", "fall", 50)]]),
    ((FLC,), VGPR, [[("flc", "fall", 90)]]),
    ((FLC,), PR, [[("flc", "fall", 50)]]),
    ((MARROW,), PR, [[("marrow", "fall", 50)]]),
]
FOLLOWED = {SERUM: ["serum"], URINE: ["urine"], BOTH: ["serum", "urine"], FLC: ["flc"], MARROW: ["marrow"]}
# Amount, paths on which it counts, least rise, whether strictly above; the rise must also be 25 % of the nadir.
PROGRESSION = [
    ("serum", (UNKNOWN, NONE, SERUM, URINE, BOTH, FLC, MARROW), 5, False),
    ("urine", (UNKNOWN, NONE, SERUM, URINE, BOTH, FLC, MARROW), 200, False),
    ("flc", (NONE, FLC, MARROW), 100, True),
    ("marrow", (NONE, MARROW), 10, False),
]
# The category that two consecutive ones confirm: first by row, second by column, SD to sCR.
PAIR = np.array(
    [
        [SD, SD, SD, SD, SD, SD],
        [SD, MR, MR, MR, MR, MR],
        [SD, MR, PR, PR, PR, PR],
        [SD, MR, PR, VGPR, VGPR, VGPR],
        [SD, MR, PR, VGPR, CR, CR],
        [SD, MR, PR, VGPR, CR, SCR],
    ]
)


def pair_of(first, second):
    both = (first >= SD) & (second >= SD)
    return np.where(both, PAIR[np.clip(first, SD, SCR) - SD, np.clip(second, SD, SCR) - SD], NE)


def last_of(values, days, most):
    """Return the last measured value on or before day 0, not older than `most` days."""
    found, age = np.full(values.shape[1], MISSING), np.full(values.shape[1], 10**6)
    for k in range(len(values)):
        take = (days[k] <= 0) & (values[k] != MISSING)
        found, age = np.where(take, values[k], found), np.where(take, -days[k], age)
    return np.where(age <= most, found, MISSING)


def path_of(base, ratio_normal, involved):
    """Return what is followed; amounts at baseline are points or ranges from 0."""

    def state(name, limit):
        low, high = base[name]
        return np.where(low == MISSING, 9, np.where(low >= limit, 1, np.where(high < limit, 0, 2)))  # yes, no, either, missing

    serum, urine, marrow = state("serum", 10), state("urine", 200), state("marrow", 30)
    chains = np.where((involved != MISSING) & (involved < 100) | (ratio_normal == 1), 0, 2)
    chains = np.where((involved >= 100) & (ratio_normal == 0), 1, chains)
    no_m = (serum == 0) & ((urine == 0) | (urine == 9))
    path = np.full(serum.shape, UNKNOWN)
    path[(serum == 1) & ((urine == 0) | (urine == 9))] = SERUM
    path[(serum == 1) & (urine == 1)] = BOTH
    path[(serum == 0) & (urine == 1)] = URINE
    path[no_m & (chains == 1)] = FLC
    nothing = (serum == 0) & (urine == 0) & (chains == 0)
    path[nothing & (marrow == 1)] = MARROW
    path[nothing & (marrow == 0)] = NONE
    return path


def by_amounts(path, base, now):
    """Return the category by amounts, all read at their worst; NE where something that is followed is missing."""

    def holds(name, how, limit):
        worst, least = now[name][1], base[name][0]
        measured = worst != MISSING
        if how == "below":
            return (measured & (worst < limit)) | (~measured & (path == SERUM) & (name == "urine"))
        return measured & (least != MISSING) & (100 * (least - worst) >= limit * least)

    level = np.where(path > NONE, SD, NE)
    for paths, category, all_of in reversed(RESPONSE):
        met = np.isin(path, paths)
        for alternatives in all_of:
            met = met & np.any([holds(*one) for one in alternatives], axis=0)
        level = np.where(met, category, level)
    for one, names in FOLLOWED.items():
        for name in names:
            level = np.where((path == one) & (now[name][0] == MISSING), NE, level)
    return level


def rises(name, nadir, now, least, strictly):
    """Return whether a point has progressed from a point."""
    rise = now - nadir
    enough = (rise > least if strictly else rise >= least) & (100 * rise >= 25 * nadir)
    return np.where(nadir >= 50, rise >= 10, enough) if name == "serum" else enough


def every_point(low, high, edge=50):
    """Return points of a range of nadirs at which a rule may change: its ends, and both sides of the edge."""
    return [low, high, *(np.clip(np.full(low.shape, point), low, high) for point in (edge, edge - 0.001))]


def progression(path, nadir, now):
    """Return by what a visit progressed (bits), and whether what was measured leaves it open."""
    by, is_open = np.zeros(path.shape, int), np.zeros(path.shape, bool)
    for bit, (name, paths, least, strictly) in enumerate(PROGRESSION):
        low, high = now[name]
        known = (low != MISSING) & (nadir[name][0] != MISSING) & np.isin(path, paths)
        points = every_point(*nadir[name])
        certain = known & np.all([rises(name, point, low, least, strictly) for point in points], axis=0)
        possible = known & np.any([rises(name, point, high, least, strictly) for point in points], axis=0)
        by |= np.where(certain, 1 << bit, 0)
        is_open |= possible & ~certain
    return by, is_open


def twin(course):
    """Return the answers of the product for many people, from a course as `generated_courses` makes it."""
    days, amounts, found = course["days"], course["amounts"], course["found"]
    visits, people = days.shape
    base = {name: tuple(last_of(end, days, 90) for end in pair) for name, pair in amounts.items()}
    path = path_of(base, last_of(found["ratio_normal"], days, 90), last_of(course["involved"], days, 90))
    nadir = {name: tuple(end.copy() for end in pair) for name, pair in base.items()}
    before = {name: tuple(end.copy() for end in pair) for name, pair in base.items()}
    shape = (visits, people)
    level, grade, marrow, clones = np.full(shape, NE), np.zeros(shape, int), np.zeros(shape, bool), np.zeros(shape, bool)
    by, inside = np.zeros(shape, int), (days > 0) & (days <= course["next_therapy"])
    marrow_now, clones_now = np.zeros(people, bool), np.zeros(people, bool)
    for k in range(visits):
        now = {name: tuple(np.where(inside[k], end[k], MISSING) for end in pair) for name, pair in amounts.items()}
        by[k], is_open = progression(path, nadir, now)
        by[k] |= np.where(inside[k] & (found["lesion"][k] == 1), 16, 0)
        marrow_now = np.where(now["marrow"][0] != MISSING, now["marrow"][1] < 5, marrow_now)
        looked = inside[k] & (found["clonal_absent"][k] != MISSING)
        clones_now = np.where(looked, found["clonal_absent"][k] == 1, clones_now)
        marrow[k], clones[k] = marrow_now, clones_now
        level[k] = np.where(inside[k], by_amounts(path, base, now), NE)
        band = now["serum"][0] >= 1  # electrophoresis sees a tenth of a g/dL; 0 is the least of a value below a limit, MISSING is below 0
        negative = inside[k] & ~band & (found["serum_ife"][k] == 0) & (found["urine_ife"][k] == 0) & (path != UNKNOWN)
        normal = found["ratio_normal"][k] == 1
        deep = np.where(path == FLC, normal, np.where(np.isin(path, (SERUM, URINE, BOTH)), level[k] == VGPR, True))
        grade[k] = np.where(negative & deep, np.where(normal, 2, 1), 0)
        shut = is_open & (by[k] == 0)
        level[k], grade[k] = np.where(shut, NE, level[k]), np.where(shut, 0, grade[k])
        for name, (low, high) in now.items():
            measured = low != MISSING
            ends = []
            for value, previous, lowest in zip((low, high), before[name], nadir[name], strict=True):
                pair = value if name == "marrow" else np.where(previous == MISSING, MISSING, np.maximum(previous, value))
                better = measured & (pair != MISSING) & ((lowest == MISSING) | (pair < lowest))
                ends.append(np.where(better, pair, lowest))
            nadir[name] = tuple(ends)
            before[name] = tuple(np.where(measured, value, previous) for value, previous in zip((low, high), before[name], strict=True))
    return {"path": path, "progressed_by": by, **confirm(path, level, grade, marrow, clones, by, inside, course)}


def confirm(path, level, grade, marrow, clones, by, inside, course):
    visits, people = level.shape
    who = np.arange(people)

    def seen(k, at):
        """Return the category of visit k (one for each person) with the marrow as known at another."""
        complete = (grade[k, who] >= 1) & marrow[at, who]
        stringent = complete & (grade[k, who] == 2) & clones[at, who]
        return np.where(stringent, SCR, np.where(complete, CR, level[k, who]))

    alone = (by & 24) > 0
    waits = (by > 0) & ~alone
    judged = inside & (by == 0) & ((level >= SD) | (grade >= 1))
    category = np.array([np.where(by[k] > 0, PD, seen(np.full(people, k), k)) for k in range(visits)])
    never = np.full(people, -1)
    last, one_before, waiting, first, second = never.copy(), never.copy(), never.copy(), never.copy(), never.copy()
    best, best_known, known = np.full(people, NE), [], []
    for k in range(visits):
        on = inside[k] & (first < 0)
        again = on & waits[k] & (waiting >= 0)
        first = np.where(on & alone[k], k, np.where(again, waiting, first))
        second = np.where((on & alone[k]) | again, k, second)
        waiting = np.where(on & waits[k] & ~again, k, waiting)
        new = on & judged[k]
        one_before, last, waiting = np.where(new, last, one_before), np.where(new, k, last), np.where(new, -1, waiting)
        at_rest = (first < 0) & (waiting < 0) & (last >= 0) & inside[k]
        here = seen(last, k)
        single = np.minimum(here, np.where(path == MARROW, PR, SD))
        both = np.where(one_before >= 0, pair_of(seen(one_before, k), here), NE)
        best = np.where(at_rest, np.maximum(best, np.maximum(single, both)), best)
        best_known.append(best)
        known.append(np.where(first >= 0, PD, best))
    died = (
        (first < 0)
        & (waiting >= 0)
        & (course["died_of_progression"] == 1)
        & (course["death"] < 2**31 - 1)
        & (course["death"] <= course["next_therapy"])
    )
    days = np.vstack([course["days"], np.full(people, -1)])
    known_day = np.where(died, course["death"], np.where(first >= 0, days[second, who], -1))
    first = np.where(died, waiting, first)
    following, later = never.copy(), []
    for k in reversed(range(visits)):
        mine = judged[k] & ((first < 0) | (k < first))
        later.append(np.where(mine & (following >= 0), pair_of(category[k], seen(following, following)), NE))
        following = np.where(mine, k, following)
    retrospective = np.maximum.accumulate(np.maximum(np.array(later[::-1]), best_known))
    retrospective = np.where((first >= 0) & (np.arange(visits)[:, None] >= first), PD, retrospective)
    return {
        "category": category,
        "known": np.array(known),
        "best_known": np.array(best_known),
        "retrospective": retrospective,
        "progression_day": np.where(first >= 0, days[first, who], -1),
        "progression_known_day": known_day,
    }
