"""What is sent back where a request is refused. What is answered otherwise is `serving.answer.record`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that was refused: a stable code, where it stands, what is wrong or what is accepted, and what was received.

    `received` is empty where the content could say who the person is.
    """

    code: str
    where: str
    message: str
    received: str = ""


@dataclass(frozen=True)
class Refusal:
    """The body of every 422."""

    errors: list[Problem]
