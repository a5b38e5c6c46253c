"""Simulated worlds that differ from the default one in mechanism, for more than one measure."""

from dataclasses import replace

from features.simulation.smm import DEFAULT

ACCELERATING = replace(DEFAULT, slow_growth=0.10, fast_arrival=0.06, per_growth=2.0)
NOISY = replace(DEFAULT, cv={name: 2.0 * cv for name, cv in DEFAULT.cv.items()})
