"""The stage of tracking serves here too."""

from tests.unit.tracking.conftest import client, stage

__all__ = ["client", "stage"]
