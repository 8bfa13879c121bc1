"""What every command shares: its options, its output, its exit code."""

from posthouse.cli.frame.command import command, group
from posthouse.cli.frame.desk import Desk
from posthouse.cli.frame.output import Output

__all__ = ["Desk", "Output", "command", "group"]
