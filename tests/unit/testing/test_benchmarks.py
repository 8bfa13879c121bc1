"""The benchmarks and their peers, which no other test runs, still find what they measure."""

import ast
import importlib
from pathlib import Path

BENCH = Path(__file__).parents[3] / "bench"


def test_all_that_benchmarks_take_of_ours_is_there() -> None:
    """A name that moved would stop a comparison that takes half an hour, at its end."""
    taken = {
        (node.module, alias.name)
        for path in BENCH.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("posthouse")
        for alias in node.names
    }
    assert len(taken) > 100
    missing = {(module, name) for module, name in taken if not _is_there(str(module), name)}
    assert missing == set()


def _is_there(module: str, name: str) -> bool:
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True
