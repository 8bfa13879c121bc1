"""Reads the settings: defaults, then the file, then POSTHOUSE_* variables, then what the command line says.

Everything wrong is told at once, each with its name, where it was found and what to write instead.
"""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from posthouse.config.advice import nearest, wanted
from posthouse.config.errors import SettingsError
from posthouse.config.fields import PREFIX, Setting, by_path, by_variable, sections
from posthouse.config.model import Settings
from posthouse.core.kernel.errors import FieldProblem

FILE_NAME: Final = "posthouse.toml"
CONFIG_VARIABLE: Final = "POSTHOUSE_CONFIG"
_IGNORED: Final = re.compile(r"POSTHOUSE_(CONFIG|TEST_.*|BENCH_.*|DEMO_.*|SERVICE_(HOST|PORT.*)|PORT(_\d+_.*)?)")
"""Variables that are no settings: ours for tests, benchmarks and the demo, and what Kubernetes makes for a service
named posthouse."""


_NETWORKS: Final = ("http.trusted_proxies", "webhooks.allow_networks")
"""Settings that are lists of networks."""


class Loaded(msgspec.Struct, frozen=True):
    """The settings, and where each that is not a default came from."""

    settings: Settings
    origins: dict[str, str]
    file: Path | None = None


class _Found(msgspec.Struct):
    """What was read so far: values and origins by setting name, and everything wrong."""

    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[FieldProblem] = []


def load(
    *,
    data: str | Path | None = None,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Loaded:
    """Reads the settings once.

    Args:
        data: the data folder as the command line names it.
        config: the settings file as the command line names it; otherwise POSTHOUSE_CONFIG, otherwise
            ``posthouse.toml`` in the data folder.
        environ: the environment variables.
        overrides: further settings by name (``http.port``), from the command line.

    Raises:
        SettingsError: something is unknown or ill-typed, or the named file cannot be read.
    """
    variables = environ or {}
    found = _Found()
    file = _find_file(data, config, variables)
    if file is not None:
        _take_file(found, file)
        if "data" not in found.values:
            found.values["data"], found.origins["data"] = str(file.parent), "the folder of the settings file"
    _take_variables(found, variables)
    line = dict(overrides or {})
    if data is not None:
        line["data"] = str(data)
    for name, value in line.items():
        _take(found, by_path()[name], value, "the command line", strict=True)
    if not found.problems:
        _check_together(found)
    if found.problems:
        raise _refusal(found.problems)
    return Loaded(settings=_build(found.values), origins=found.origins, file=file)


def _find_file(data: str | Path | None, config: str | Path | None, variables: Mapping[str, str]) -> Path | None:
    """The settings file: one that was named must exist, the one in the data folder may."""
    named = config or variables.get(CONFIG_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"there is no settings file at {named}; leave --config out to use the data folder's")
        return Path(named)
    usual = Path(data or variables.get("POSTHOUSE_DATA") or Settings().data) / FILE_NAME
    return usual if usual.is_file() else None


def _take_file(found: _Found, file: Path) -> None:
    """Takes everything from the TOML file."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    for name, value in document.items():
        if name in sections() and isinstance(value, dict):
            for inner, inner_value in value.items():
                _take_named(found, f"{name}.{inner}", inner_value, str(file))
        elif name in sections():
            found.problems.append(
                FieldProblem(
                    name, f"in {file}: this is a section; write [{name}] and its settings below it", "ill-typed"
                )
            )
        else:
            _take_named(found, name, value, str(file))


def _take_named(found: _Found, path: str, value: Any, origin: str) -> None:
    setting = by_path().get(path)
    if setting is None:
        names = [*by_path(), *sections()]
        found.problems.append(
            FieldProblem(path, f"in {origin}: there is no such setting{nearest(path, names)}", "unknown")
        )
        return
    _take(found, setting, value, origin, strict=True)


def _take_variables(found: _Found, variables: Mapping[str, str]) -> None:
    """Takes everything from the environment. A list is written with commas."""
    for name in sorted(variables):
        if not name.startswith(PREFIX) or (_IGNORED.fullmatch(name) and name not in by_variable()):
            continue
        setting = by_variable().get(name)
        if setting is None:
            detail = f"in the environment: there is no such setting{nearest(name, list(by_variable()))}"
            found.problems.append(FieldProblem(name, detail, "unknown"))
            continue
        word: Any = variables[name]
        if setting.many:
            word = [part.strip() for part in word.split(",") if part.strip()]
        _take(found, setting, word, f"the variable {name}", strict=False)


def _take(found: _Found, setting: Setting, value: Any, origin: str, *, strict: bool) -> None:
    """Takes one value, or notes why not; a secret is never repeated."""
    try:
        found.values[setting.path] = msgspec.convert(value, setting.type, strict=strict)
    except msgspec.ValidationError:
        shown = "this value" if setting.secret or setting.url else repr(value)[:80]
        detail = f"in {origin}: {shown} will not do; write {wanted(setting)}"
        found.problems.append(FieldProblem(setting.path, detail, "ill-typed"))
        return
    found.origins[setting.path] = origin


def _check_together(found: _Found) -> None:
    """What only several settings, or the form of one, can show."""
    database = found.values.get("database", "")
    if database and not database.startswith(("postgresql://", "postgres://")):
        where = found.origins["database"]
        detail = (
            f"in {where}: this is no database address; write postgresql://user:password@host:5432/name, "
            "or leave it empty for SQLite in the data folder"
        )
        found.problems.append(FieldProblem("database", detail, "ill-typed"))
    if found.values.get("store.synchronous") == "normal" and not found.values.get("store.unsafe"):
        where = found.origins["store.synchronous"]
        detail = (
            f"in {where}: normal loses acknowledged messages in a power cut; write full, or set store.unsafe as well"
        )
        found.problems.append(FieldProblem("store.synchronous", detail, "unsafe"))
    _check_networks(found)


def _check_networks(found: _Found) -> None:
    for path in _NETWORKS:
        for word in found.values.get(path, ()):
            try:
                ipaddress.ip_network(word)
            except ValueError:
                detail = f"in {found.origins[path]}: {word[:80]!r} is no network; write it like 10.1.0.0/16 or fd00::/8"
                found.problems.append(FieldProblem(path, detail, "ill-typed"))


def _refusal(problems: list[FieldProblem]) -> SettingsError:
    lines = [f"{problem.pointer} {problem.detail}" for problem in problems]
    return SettingsError("\n".join(lines), fields=problems)


def _build(values: dict[str, Any]) -> Settings:
    """The frozen structs from the flat values."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        section, _, name = path.rpartition(".")
        (document.setdefault(section, {}) if section else document)[name] = value
    return msgspec.convert(document, Settings)
