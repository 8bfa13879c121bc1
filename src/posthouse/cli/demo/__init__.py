"""``posthouse demo``: a sample shop on one's own machine, through the same commands and requests that everybody has."""

from posthouse.cli.demo.command import register

__all__ = ["register"]
