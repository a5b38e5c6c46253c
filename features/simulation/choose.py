"""Which simulator a world belongs to: those of smoldering myeloma, and those of treated disease."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from features.simulation import smm, treated
from myeloma import ConfigError
from myeloma.errors import nearest


def world_named(name: str) -> tuple[ModuleType, Any]:
    """Return the simulator that has a world of this name, and the world.

    Raises
    ------
    ConfigError
        There is no such world.
    """
    for simulator in (smm, treated):
        if name in simulator.WORLDS:
            return simulator, simulator.WORLDS[name]
    raise ConfigError(f'Unknown world "{name}".', nearest(name, [*smm.WORLDS, *treated.WORLDS]))
