"""The room of templates with the real rendering and a store in memory."""

import pytest
from tests.unit.templates.fakes import MemoryStore, StillClock, counting

from posthouse.core.templates.catalogue import Catalogue
from posthouse.core.templates.press import Press
from posthouse.core.templates.service import TemplateService
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.renderer import MinijinjaRenderer


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore, clock: StillClock) -> TemplateService:
    checker, renderer, ids = SchemaChecker(), MinijinjaRenderer(), counting()
    press = Press(MinijinjaCompiler(), checker, renderer, MarkupLinter(), ids, clock)
    return TemplateService(store, press, checker, renderer, ids, clock)


@pytest.fixture
def catalogue(store: MemoryStore, clock: StillClock) -> Catalogue:
    return Catalogue(store, store, clock)
