"""JSON as no system should send it: a document in which some values are replaced, wrapped, repeated, left out or renamed."""

import copy
import random

NAME = "Annegret Sentinel"
ODD = (
    *(None, True, "", " ", 0, -1, 1e308, 10**30, 0.1 + 0.2),
    *("NaN", "Infinity", "1,5", "<0.1", "\u0661", "\u202e\x1b[31m", "\x00", [], {}, [[]]),
    *("2015-02-30", "1700-01-01", "9999-12-31", "2015", "2015-02-01T25:00:00Z", "2015-02-01T08:00:00+14:30", "0000", "2015-02-01 "),
    *(NAME, f"Patient/{NAME}", f"urn:uuid:{NAME}", f"https://{NAME}/Patient/a", f"#{NAME}", {"reference": NAME}, {"value": NAME}, [NAME]),
)


def mutated(document, seed, share=0.05):
    """Return a copy in which about a share of the values is not as it was; equal seeds give equal copies."""
    rng = random.Random(seed)
    return _changed(copy.deepcopy(document), rng, share)


def _changed(value, rng, share):
    if isinstance(value, dict):
        kept = {name: _changed(inner, rng, share) for name, inner in value.items() if rng.random() > share / 4}
        if kept and rng.random() < share / 4:
            kept[rng.choice([NAME, "extension", "_value", *kept])] = kept.pop(rng.choice(list(kept)))
        value = kept
    elif isinstance(value, list):
        value = [_changed(inner, rng, share) for inner in value if rng.random() > share / 4]
        if value and rng.random() < share / 4:
            value.append(copy.deepcopy(rng.choice(value)))
    if rng.random() >= share / 2:
        return value
    return rng.choice([rng.choice(ODD), [value], {"value": value}, str(value), [value, value]])
