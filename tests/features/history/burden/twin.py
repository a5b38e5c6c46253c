"""The burden's state space once more, slowly: all results of a person as one normal vector, and what it says of a state."""

import numpy as np

from features.history.burden.parameters import MARKERS, Burden

BURDEN = Burden(
    growth=0.05,
    growth_sd=0.1,
    level=(0.0, 1.6, 2.7, 2.6, -0.05),
    level_sd=(0.5, 1.0, 0.6, 0.08, 0.2),
    correlation=(0.2, 0.1, 0.5, 0.2, 0.7, 0.6, 0.0, -0.1, 0.0, -0.1, 0.0, 0.0, 0.1, 0.0, -0.1),
    loading=(1.0, 1.1, 0.9, -0.1, 0.1),
    noise=(0.08, 0.28, 0.2, 0.03, 0.06),
    drift=(0.02, 0.1),
)


def normal(burden, results, years):
    """Return mean and covariance of (burden and growth after some years, the logarithms of results), over persons.

    Parameters
    ----------
    results : list of (marker, years after the first result)
    """
    space = burden.state_space
    growth_mean, growth_var = space.mean[1], space.cov[1, 1]
    level, with_growth = space.cov[2:, 2:], space.cov[1, 2:]
    burden_drift, growth_drift = space.drift

    def of_burden(s, t):  # the covariance of the burden at two times, as the integral of growth
        s, t = min(s, t), max(s, t)
        return growth_var * s * t + burden_drift * s + growth_drift * (s**2 * t / 2 - s**3 / 6)

    places = [MARKERS.index(marker) for marker, _ in results]
    of_results = [space.mean[2 + k] + space.loading[k] * growth_mean * t for k, (_, t) in zip(places, results, strict=True)]
    mean = np.array([growth_mean * years, growth_mean, *of_results])
    n = len(results)
    cov = np.zeros((n + 2, n + 2))
    cov[0, 0], cov[1, 1] = of_burden(years, years), growth_var + growth_drift * years
    cov[0, 1] = cov[1, 0] = growth_var * years + growth_drift * years**2 / 2
    for i, (k, (_, t)) in enumerate(zip(places, results, strict=True), start=2):
        # The burden at t before the day asked about; growth then and the growth's course up to t.
        cov[0, i] = cov[i, 0] = space.loading[k] * of_burden(t, years) + years * with_growth[k]
        cov[1, i] = cov[i, 1] = space.loading[k] * (growth_var * t + growth_drift * t**2 / 2) + with_growth[k]
        for j, (m, (_, s)) in enumerate(zip(places, results, strict=True), start=2):
            cov[i, j] = space.loading[k] * space.loading[m] * of_burden(t, s) + level[k, m]
            cov[i, j] += space.loading[k] * t * with_growth[m] + space.loading[m] * s * with_growth[k]
            cov[i, j] += space.noise[k] if i == j else 0.0
    return mean, cov


def told(burden, results, values, years):
    """Return the mean and covariance of burden and growth, given the values of results."""
    mean, cov = normal(burden, results, years)
    gain = cov[:2, 2:] @ np.linalg.inv(cov[2:, 2:])
    return mean[:2] + gain @ (np.log(values) - mean[2:]), cov[:2, :2] - gain @ cov[2:, :2]


def by_now(burden, results, values, years, marker):
    """Return what a result of a marker would be after some years, at the median: one result more, without noise, given the others."""
    mean, cov = normal(burden, [*results, (marker, years)], years)
    gain = cov[-1, 2:-1] @ np.linalg.inv(cov[2:-1, 2:-1])
    return float(np.exp(mean[-1] + gain @ (np.log(values) - mean[2:-1])))
