"""A server in memory that answers Bundles."""

from tests.serving.conftest import client, history

__all__ = ["client", "history"]
