"""Pictures, all in one style: of a run for MLflow and the card, and of one person for a notebook."""

from training.plots.trajectory import Course, Trend, trajectory
from training.plots.waterfall import waterfall

__all__ = ["Course", "Trend", "trajectory", "waterfall"]
