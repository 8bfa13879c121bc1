"""The posthouse command."""

from posthouse.cli.app import main

__all__ = ["main"]
