"""Pictures, all in one style: of a run for MLflow and the card, and of one person for a notebook."""

from training.plots.trajectory import Course, Trend, trajectory
from training.plots.waterfall import waterfall, waterfall_of

__all__ = ["Course", "Trend", "trajectory", "waterfall", "waterfall_of"]
