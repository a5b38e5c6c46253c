"""How the values of a model's biomarkers are read: the range in health and the smallest change that exceeds noise, with their sources."""

from __future__ import annotations

from functools import lru_cache

from myeloma import catalogue
from myeloma.change import reference_change_value
from serving.answer.record import BiomarkerScale


@lru_cache(maxsize=16)
def scales_of(biomarkers: tuple[str, ...]) -> tuple[BiomarkerScale, ...]:
    """Return how the values of some biomarkers are read, in their order; None stands where no source is confirmed."""
    return tuple(_scale(name) for name in biomarkers)


def _scale(name: str) -> BiomarkerScale:
    entry, noise = catalogue()[name], reference_change_value(name)
    low, high = entry.expected or (None, None)
    return BiomarkerScale(
        biomarker=name,
        label=entry.name,
        unit=entry.unit,
        scale=entry.scale,
        reference_low=low,
        reference_high=high,
        noise_rise_percent=None if noise is None else 100 * noise.rise,
        noise_fall_percent=None if noise is None else 100 * noise.fall,
        noise_in=entry.cv_kind,
        sources=entry.sources,
    )
