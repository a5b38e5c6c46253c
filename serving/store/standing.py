"""What was decided about a registered version: the gate's verdict on it, and whether it went live against that verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from serving.store.reading import tags_of

_DECISIONS = "ledger."  # how the tags of a registered model begin that hold decisions; training.registry.ledger writes them
FORCE = "force"


@dataclass(frozen=True)
class Standing:
    """The verdict (promote, hold, reject) and `yes` or `no`; both empty for a model that was never live, or is in no registry."""

    verdict: str = ""
    forced: str = ""

    def __str__(self) -> str:
        """Return it in words for a line that names the model; nothing where nothing is known."""
        if not self.verdict and not self.forced:
            return ""
        return f"gate: {self.verdict or 'no verdict'}" + (", forced against it" if self.forced == "yes" else "")


def standing_of(origin: Mapping[str, str]) -> Standing:
    """Return the standing of the version that an artifact was loaded from; a rollback changes nothing in it."""
    if not origin.get("model_version"):
        return Standing()
    tags = tags_of(origin["model_name"])
    decisions = [json.loads(tags[key]) for key in sorted(tags) if key.startswith(_DECISIONS)]
    own = [one for one in decisions if one.get("version") == origin["model_version"] and one.get("action") != "rollback"]
    if not own:
        return Standing()
    return Standing(str(own[-1].get("verdict", "")), "yes" if own[-1].get("action") == FORCE else "no")
