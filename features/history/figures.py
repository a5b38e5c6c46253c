"""What the kernel's figures and operations are numbered; apart from it, so that a column can be named without a compiler."""

from __future__ import annotations

# Base figures of one window, in the order of the kernel's scratch row; as-of values and days above cut-offs follow.
LAST, AGE, COUNT, MEAN, MIN, MAX, SD, SLOPE, SLOPE_SE, FIRST, PREVIOUS, NADIR, SINCE_MIN, SINCE_MAX, TREND = range(15)
PLAIN = 15
# What a column takes from them: a figure, a difference, a difference in percent, or whether it exceeds noise.
TAKE, MINUS, PERCENT, EXCEEDS = range(4)
