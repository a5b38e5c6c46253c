"""The slow twin of the kernel: every statistic written from its definition."""

import numpy as np

from features.history.statistics import LIMIT, STATISTICS, VALUES
from myeloma.calendar import horizon_days
from myeloma.change import change, reference_change_value
from myeloma.scores.evolving import PANGEA_RULES

PLAIN = tuple(name for name, one in STATISTICS.items() if one.fits("ever") and one.of == VALUES and name != LIMIT)
FAMILIES = ("delta_1m", "delta_3m", "delta_12m", "pct_12m", "days_above_2", "days_above_5.5")
EVERY = (*PLAIN, *FAMILIES)


def seen_from(results, landmark, window):
    """Return the day and value of what counts, from rows of day collected, day available, value."""
    by_day = {c: (a, v) for c, a, v in sorted(results) if a <= landmark}  # the last of a day stays
    return [(c, v) for c, (a, v) in by_day.items() if a > landmark - window]


def twin(results, biomarker, landmark, window):
    """Return every statistic of one series from one landmark, written from the definitions."""
    seen = seen_from(results, landmark, window)
    days, values = np.array([c for c, _ in seen], dtype=float), np.array([v for _, v in seen], dtype=float)
    out = dict.fromkeys(EVERY, np.nan) | {"count": float(len(seen))}
    if not seen:
        return out
    last, low = values[-1], values.min()
    out |= {"last": last, "age_days": landmark - days[-1], "mean": values.mean(), "min": low, "max": values.max()}
    out |= {f"days_since_{name}": landmark - days[values == edge].max() for name, edge in (("min", low), ("max", values.max()))}
    for cut in (2, 5.5):
        above = [d for d in range(max(int(days[0]), int(landmark - min(window, 10_000))), landmark) if values[days <= d][-1] > cut]
        out[f"days_above_{cut}"] = len(above)
    rule = next((rule for rule in PANGEA_RULES.values() if rule.biomarker == biomarker), None)
    if rule:
        reach = [v for _, v in seen_from(results, landmark, min(window, rule.look_back_days))]
        out["evolving"] = float(any(rule.met(last, v) for v in reach))
    for k in (1, 3, 12):
        before = values[days <= landmark - horizon_days(k)]
        if len(before) and days[-1] > landmark - horizon_days(k):
            out[f"delta_{k}m"] = last - before[-1]
            out["pct_12m"] = 100 * (last / before[-1] - 1) if k == 12 else np.nan
    if len(seen) == 1:
        return out
    x = (days - days.mean()) / 365.25
    out |= {"sd": values.std(ddof=1)}
    out |= {f"delta_{name}": last - value for name, value in (("first", values[0]), ("previous", values[-2]), ("min", low))}
    out |= {f"pct_{name}": 100 * (last / value - 1) for name, value in (("first", values[0]), ("previous", values[-2]), ("min", low))}
    if reference_change_value(biomarker) is not None:
        for name, value in (("previous", values[-2]), ("min", low)):
            out[f"exceeds_{name}"] = float(change(biomarker, value, last).exceeds_noise)
    out["slope"], level = np.polyfit(x, values, 1)
    out["trend_pct"] = 100 * (x * (values - values.mean())).sum() / ((x**2).sum() + 1) / values.mean()
    if len(seen) > 2:  # the textbook standard error, from the residuals
        residuals = values - level - out["slope"] * x
        out["slope_se"] = np.sqrt((residuals**2).sum() / (len(seen) - 2) / (x**2).sum())
    return out


def agree(got, expected, rtol=1e-7):
    errors = got.columns.str.contains("__slope_se__")  # on a perfect line it is the root of what rounding leaves
    np.testing.assert_allclose(got.loc[:, ~errors], expected.loc[:, ~errors], rtol=rtol, atol=1e-7)
    np.testing.assert_allclose(got.loc[:, errors], expected.loc[:, errors], rtol=1e-5, atol=2e-3)
