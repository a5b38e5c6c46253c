"""What training knows of one kind of model: how it is fitted, what it may be told, what is searched, what the card says of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from serving.models import Model
from serving.models.base import Array
from training.estimators.options import checked_options

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

WEIGHTED = "to visits weighted by the inverse probability of being uncensored"


@dataclass(frozen=True)
class Half:
    """A model fitted to a half of the patients.

    Attributes
    ----------
    left_out : array (rows left out,)
        Positions of the rows of the other half, by which whatever is chosen of it is chosen: the recalibration, a penalty, weights.
    margins : array (rows left out, horizons)
        Its log-odds of these.
    """

    model: Model
    left_out: NDArray[np.int64]
    margins: Array


@dataclass(frozen=True)
class Fits:
    """A model fitted to all rows, and the fits that say how far it can be relied on.

    Attributes
    ----------
    out_of_fold : array (rows, horizons)
        Log-odds of each row from a fit without its person.
    """

    model: Model
    out_of_fold: Array
    halves: tuple[Half, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of model. The record stands once, as `KIND`, in the kind's own file under `training/estimators/kinds/`.

    Attributes
    ----------
    name : str
        As in `params.yaml`, and in `serving.models.KINDS`, which holds how it answers.
    fit : function
        `fit(x, rows, columns, horizons, *, options)` returns the model of features (rows, columns) and outcomes (`rows`: event,
        time_to_event, patient_id, landmark). Its keyword-only arguments, as annotated, are what `params.yaml` may say; one that is
        called `covariates` names columns. Where `combines`: `fit(members, rows, horizons, *, members)` returns the `Fits` of the
        combination from those of its members, by name.
    example : dict
        The least it has to be told. The contract tests fit it so, to m_protein__last__ever, hemoglobin__last__ever and age.
    missing : str
        A sentence for the card: what a missing value is taken for.
    fitted_to : str
        For the card, after "fitted": what becomes of those who are lost, or begin treatment, before a horizon.
    combines : bool
        Whether it is made of other candidates of the task, those that its option `members` names; none such can be a member.
    parts : function, optional
        Called as `fit` is: returns a function from a part of these rows (a mask) to the model of it, where fits to several parts share
        work. Without it each is fitted by `fit`.
    over : function, optional
        How it is fitted to a table that stays on disk: `over(whole, columns, horizons, *, options)` opens a place to fit in, and gives a
        function from the rows of `whole` that are fitted on (a mask) to the model. Any other kind is fitted to the rows drawn.
    check : function, optional
        `check(options, where, columns, others)` refuses what an annotation cannot say; `others` are the task's possible members.
    settle : function, optional
        Called as `fit` is: returns the options with what is chosen on all rows, once, and not again in each fold.
    anew : function, optional
        `anew(x, rows, there, columns, horizons, settled, *, options)` returns the model of the rows that are `there` (a mask), with what
        `settle` had chosen chosen anew by the others: a half's own choice.
    space : function, optional
        From Optuna's trial to the options that `tune` searches; those it does not name stay as they are.
    """

    name: str
    fit: Callable[..., Any]
    example: dict[str, Any]
    missing: str
    fitted_to: str = WEIGHTED
    combines: bool = False
    parts: Callable[..., Callable[[NDArray[np.bool_]], Any]] | None = None
    over: Callable[..., AbstractContextManager[Callable[[NDArray[np.bool_]], Any]]] | None = None
    check: Callable[[dict[str, Any], str, list[str], list[str]], object] | None = None
    settle: Callable[..., dict[str, Any]] | None = None
    anew: Callable[..., Model] | None = None
    space: Callable[[BaseTrial], dict[str, Any]] | None = None

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Return the options by name, with their defaults; `inspect.Parameter.empty` for one that has to be given."""
        return {name: p.default for name, p in signature(self.fit).parameters.items() if p.kind is p.KEYWORD_ONLY}

    def checked(self, options: dict[str, Any], where: str, columns: list[str], others: list[str]) -> dict[str, Any]:
        """Return all options, those of `params.yaml` and the defaults of the others.

        Raises
        ------
        ConfigError
            One is unknown, missing, or not accepted.
        """
        accepted = checked_options(self.fit, options, where)
        if self.check is not None:
            self.check(accepted, where, columns, others)
        return accepted
