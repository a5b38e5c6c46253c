"""The options of a model in `params.yaml`, checked against what its fitting function takes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, get_type_hints

from pydantic import ValidationError, create_model

from features.params import in_words
from myeloma import ConfigError
from myeloma.errors import nearest


def checked_options(fit: Callable[..., Any], options: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the options of a model as its fitting function annotates them.

    Raises
    ------
    ConfigError
        An option is unknown (the nearest is named), missing, or not what the function takes.
    """
    hints = get_type_hints(fit, include_extras=True)
    parameters = {name: p for name, p in signature(fit).parameters.items() if p.kind is p.KEYWORD_ONLY}
    if unknown := sorted(options.keys() - parameters.keys()):
        raise ConfigError(f'{where}: unknown option "{unknown[0]}".', nearest(unknown[0], parameters))
    fields: dict[str, Any] = {name: (hints[name], ... if p.default is p.empty else p.default) for name, p in parameters.items()}
    try:
        accepted = create_model("Options", **fields)(**options)
    except ValidationError as error:
        raise ConfigError(f"{in_words(error, where)}.", "see params.yaml in the repository.") from None
    return {name: getattr(accepted, name) for name in parameters}
