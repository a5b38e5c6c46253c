"""MRD states a second time, by a table of transitions over one person's days: what the compiled scan must agree with."""

from itertools import groupby

NONE, VAGUE, NEG, POS, LOST = "never tested", "not informative", "negative", "positive", "lost"
# What a day says: P positive, 6 negative at 1e-6 or better, 5 at 1e-5, 4 only above that, - no result.
TABLE = {
    NONE: {"P": POS, "6": NEG, "5": NEG, "4": VAGUE, "-": NONE},
    VAGUE: {"P": POS, "6": NEG, "5": NEG, "4": VAGUE, "-": VAGUE},
    NEG: {"P": LOST, "6": NEG, "5": NEG, "4": NEG, "-": NEG},
    POS: {"P": POS, "6": NEG, "5": NEG, "4": POS, "-": POS},
    LOST: {"P": LOST, "6": NEG, "5": NEG, "4": LOST, "-": LOST},
}
COUNTS = {NONE: "P654", VAGUE: "P654", NEG: "P65", POS: "P65", LOST: "P65"}  # which days are evidence for what is known already
SAME_OR_BETTER = ("65", "6")  # for 1e-5, for 1e-6


def symbol(results):
    """Return what the results of one day say together; each is a value, and whether it is a limit below which nothing was found."""
    known = [(value, below) for value, below in results if value == value]
    if not known:
        return "-"
    if any(not below for _, below in known):
        return "P"
    best = min(value for value, _ in known)
    return "6" if best <= 1e-6 else "5" if best <= 1e-5 else "4"


def state(tests, at):
    """Return status, since, last, and per threshold first, latest and sustained, from tests (day, known, value, below) of one person."""
    seen = sorted((test for test in tests if test[0] <= at and test[1] <= at), key=lambda test: test[0])
    days = [(day, symbol([test[2:] for test in of_day])) for day, of_day in groupby(seen, key=lambda test: test[0])]
    status, since, last, word = NONE, None, None, ""
    for day, said in days:
        after = TABLE[status][said]
        if said in COUNTS[status]:
            last = day
        if after != status:
            status, since = after, day
        word += said
    runs = [run(days, negatives) for negatives in SAME_OR_BETTER]
    told = [None if not of and "P" not in word.rstrip("-4")[-1:] else float(bool(of) and of[-1] - of[0] >= 365) for of in runs]
    return status, since, last, [(of[0], of[-1]) if of else (None, None) for of in runs], told


def run(days, negatives):
    """Return the days of the negatives since the last positive."""
    found = []
    for day, said in days:
        if said == "P":
            found = []
        elif said in negatives:
            found.append(day)
    return found
