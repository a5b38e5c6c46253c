"""Which run a card is asked of: a version, a model, or what is live."""

from __future__ import annotations

from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from training.plan import Plan
from training.registry.compare import promotable
from training.registry.versions import find_version, live_version, version_of_run


def chosen_run(plan: Plan, version: str | None, model: str | None) -> tuple[str, str]:
    """Return a run's id and its version (empty where it is not registered): that asked for, else the champion.

    Parameters
    ----------
    version : str, optional
        Number or alias.
    model : str, optional
        Name of a candidate: its newest evaluated run.

    Raises
    ------
    ConfigError
        Both are given, or there is no such candidate.
    StateError
        There is no such version, no champion, or nothing evaluated.
    """
    if version and model:
        raise ConfigError("--model and --version exclude each other.", "name one of them.")
    if version:
        found = find_version(plan.task.name, version)
        return found.run_id, str(found.version)
    if model:
        known = promotable(plan)
        if model not in known:
            raise ConfigError(f'"{model}" is not a candidate of {plan.task.name}.', nearest(model, known))
        return known[model].run_id, version_of_run(plan.task.name, known[model].run_id)
    if (live := live_version(plan.task.name)) is None:
        raise StateError(
            f"The task {plan.task.name} has no champion.",
            f"name another with --version or --model, or train one (make train); see: python -m training compare --task {plan.task.name}",
            "no_champion",
        )
    return live[1], live[0]
