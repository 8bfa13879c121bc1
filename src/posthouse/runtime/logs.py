"""Structured logs: JSON for machines, lines for people; message ids always, people's data only if asked for.

Everything goes through one chain, our own events and those of libraries alike. Three things never pass it: values whose
name says that they are secret or are variables of a message, API keys wherever they stand, and, unless
``log.show_addresses`` is set, e-mail addresses.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import msgspec
import structlog
from structlog.typing import Processor

from posthouse.config.model import Log

HIDDEN: Final = "(hidden)"
_SECRET_NAMES: Final = re.compile(
    r"(^|[_-])(pass(word|wd)?|secret(_key)?|token|authorization|api_?key|private|credentials?|cookie|variables|body|content)$",
    re.IGNORECASE,
)
_API_KEY: Final = re.compile(r"ph_(live|test)_[A-Za-z0-9_-]+")
_URL_PASSWORD: Final = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?P<tail>@)")
_ADDRESS: Final = re.compile(r"[^\s<>@\"'(),:;\[\]=]+@(?P<domain>[^\s<>@\"'(),:;\[\]]+)")
_OUR_OWN: Final = frozenset({"header_message_id", "database"})
"""Values that have an @ and are no address of a person."""
_QUIET: Final = dict.fromkeys(("alembic", "asyncio", "httpx", "mail.log", "uvicorn"), logging.WARNING)
"""Libraries that talk about themselves: only their warnings are news."""


def configure(log: Log, *, stream: TextIO | None = None, role: str = "") -> None:
    """Sets up logging for this process; call it once, before anything is logged.

    Args:
        log: the settings.
        stream: where to write, standard error by default.
        role: of this process (``api``, ``dispatch``, ``scheduler``), part of every line.
    """
    target = stream or sys.stderr
    human = log.format == "human" or (log.format == "auto" and target.isatty())
    level = logging.getLevelNamesMapping()[log.level.upper()]
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _Role(role),
        Redactor(show_addresses=log.show_addresses),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: Processor = structlog.dev.ConsoleRenderer(colors=target.isatty()) if human else _to_json
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


class Redactor:
    """Takes out what must not be written. Works on names and on text, however deep."""

    def __init__(self, *, show_addresses: bool) -> None:
        self._show_addresses = show_addresses

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event without secrets."""
        del logger, method
        for name, value in event.items():
            event[name] = self._value(name, value)
        return event

    def _value(self, name: str, value: Any) -> Any:
        if name.startswith("_") or value is None or isinstance(value, bool | int | float):  # _: structlog's own
            return value
        if _SECRET_NAMES.search(name):
            return HIDDEN
        if isinstance(value, dict):
            return {key: self._value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(name, inner) for inner in value]
        return self._text(str(value), name)

    def _text(self, text: str, name: str) -> str:
        if "ph_" in text:
            text = _API_KEY.sub(rf"ph_\g<1>_{HIDDEN}", text)
        if "@" not in text:
            return text
        text = _URL_PASSWORD.sub(rf"\g<head>{HIDDEN}\g<tail>", text)
        if self._show_addresses or name in _OUR_OWN:
            return text
        return _ADDRESS.sub(rf"{HIDDEN}@\g<domain>", text)


class _Role:
    """Names the process in every line."""

    def __init__(self, role: str) -> None:
        self._role = role

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        del logger, method
        if self._role:
            event.setdefault("role", self._role)
        return event


def _to_json(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """One line of JSON, time, level and event first."""
    del logger, method
    first = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
    return msgspec.json.encode({**first, **event}, enc_hook=str).decode()
