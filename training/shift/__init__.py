"""What a model loses elsewhere and later, and what history and more people give: each needs fitting the model again."""

from training.shift.refits import Refit, refit

__all__ = ["Refit", "refit"]
