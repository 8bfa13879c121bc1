"""minijinja as we use it: strict, no loader, fuel, a short list of filters."""

import re
from typing import Any, Final

import minijinja

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.model import Direction
from posthouse.rendering.addresses import ADDRESS_FILTERS
from posthouse.rendering.bounded import BOUNDED
from posthouse.rendering.data import ABSENT
from posthouse.rendering.filters import REMOVED_FILTERS, REMOVED_GLOBALS, filters_for, users_of
from posthouse.rendering.formats.errors import FormatError
from posthouse.rendering.isolation import filters_of
from posthouse.rendering.link_parameters import LINK_FILTERS
from posthouse.rendering.room import Room
from posthouse.rendering.text_columns import COLUMN_FILTERS

FUEL: Final = 50_000
"""Instructions a render may take; an order confirmation with 5 lines takes some hundreds."""
MAX_OUTPUT: Final = 1_000_000
"""Characters of one rendered part: a mail over 1 MB is cut by most readers anyway."""

_UNDEFINED: Final[Any] = "semi_strict"
"""Strict, but ``{% if x %}`` may ask for an x that is missing. (The stub does not know the word.)"""
_PATH: Final = re.compile(r"`([A-Za-z_][\w.]*)` is undefined")


def environment(
    locale: str = "en", *, fuel: int = FUEL, room: Room | None = None, isolating: Direction = ""
) -> minijinja.Environment:
    """A new environment. HTML is escaped in templates whose name ends with ``html``, nowhere else (``data/html`` of a push is no HTML).

    Args:
        locale: the language that the formats write in.
        fuel: instructions a render may take.
        room: counts what is printed; None where that is known to be little.
        isolating: the direction of the words around values, where programs keep these apart.
    """
    made: minijinja.Environment = minijinja.Environment(
        undefined_behavior=_UNDEFINED,
        fuel=fuel,
        debug=True,
        pycompat=False,
        keep_trailing_newline=True,
        auto_escape_callback=lambda name: name.endswith("html") and "/" not in name,
        filters={**BOUNDED, **ADDRESS_FILTERS, **LINK_FILTERS, **COLUMN_FILTERS, **filters_for(locale)},
    )
    for name, function in filters_of(isolating).items() if isolating else ():
        made.add_filter(name, function)
    if room is not None:
        made.finalizer = room
    for name in REMOVED_FILTERS:
        made.remove_filter(name)
    for name in REMOVED_GLOBALS:
        made.remove_global(name)
    return made


def run(engine: minijinja.Environment, name: str, variables: dict[str, Any], source: str = "") -> str:
    """Renders one program; ``source`` is its text, for errors that say where.

    Raises:
        ValidationError: a variable is missing, the fuel or the room for output ran out, a filter refused its input.
    """
    try:
        printed = engine.render_template(name, **variables)
    except minijinja.TemplateError as error:
        raise _explained(error, name) from None
    except FormatError as error:
        raise _unshown(error, name, source) from None
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise ValidationError(f"The {name.removeprefix('wire.')} cannot be rendered: {error}.") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a panic in Rust is no Exception, but must not end a worker
            raise
        raise ValidationError(f"The {name.removeprefix('wire.')} cannot be rendered: the engine gave up.") from None
    if "\x00" in printed and ABSENT in printed:
        message = f"The {name.removeprefix('wire.')} needs a variable 'items', which is missing."
        raise ValidationError(message, fields=[FieldProblem("", message, "missing")])
    if len(printed) > MAX_OUTPUT:
        raise ValidationError(
            f"The rendered {name.removeprefix('wire.')} has {len(printed):,} characters; the limit is {MAX_OUTPUT:,}."
        )
    return printed


def _unshown(error: FormatError, name: str, source: str) -> ValidationError:
    """What a filter refused, with the expression it stands in when the program shows which."""
    part, where = name.removeprefix("wire."), users_of(error.filter, source)
    message = f"The {part} cannot be rendered: {f'in {where}: ' if where else ''}{error}."
    return ValidationError(message, fields=[FieldProblem("", message, "format")])


def _explained(error: minijinja.TemplateError, name: str) -> ValidationError:
    part = name.removeprefix("wire.")
    detail = error.detail or ""
    if error.kind == "UndefinedError":
        found = _PATH.search(detail)
        path = found[1] if found else "a variable"
        message = f"The {part} needs the variable {path!r}, which is missing"
        pointer = "/" + path.replace(".", "/") if found else ""
        return ValidationError(f"{message}.", fields=[FieldProblem(pointer, f"{message}.", "missing")])
    if error.kind == "OutOfFuel":
        return ValidationError(f"The {part} takes more than {FUEL:,} steps; are the lists in the variables too long?")
    return ValidationError(f"The {part} cannot be rendered (line {error.line or 1}): {detail or error.message}.")
