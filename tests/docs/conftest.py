"""Pages whose commands are run borrow the way of the command line's own tests."""

from tests.unit.cli.conftest import run

__all__ = ["run"]
