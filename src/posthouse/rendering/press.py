"""The press with all its parts, which are of this room: a process that only compiles loads nothing else of the house."""

import sys

from posthouse.core.kernel.clock import Clock, HouseClock, SystemClock
from posthouse.core.kernel.ids import IdSource, Uuid7Source
from posthouse.core.templates.press import Press
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.pressroom import press_forever
from posthouse.rendering.renderer import MinijinjaRenderer


def press_of(checker: SchemaChecker, renderer: MinijinjaRenderer, new_id: IdSource, clock: Clock) -> Press:
    """A press that shares what has been compiled with the rest of the process."""
    return Press(MinijinjaCompiler(), checker, renderer, MarkupLinter(), new_id, clock)


def make_press() -> Press:
    """What compiles, proves and lints templates, without a store: for folders that are looked over before they are pushed."""
    clock = HouseClock(SystemClock())
    return press_of(SchemaChecker(), MinijinjaRenderer(keep=16), Uuid7Source(clock.now), clock)


def run_press() -> None:
    """The life of a process that only compiles (:mod:`posthouse.rendering.pressroom`)."""
    press_forever(make_press(), sys.stdin.buffer, sys.stdout.buffer)
