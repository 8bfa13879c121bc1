"""The three formats under one roof: read what was written, find the programs in it, fill them in."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.mobile import push, sms, whatsapp
from posthouse.core.templates.mobile.push import Push
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.mobile.whatsapp import WhatsApp
from posthouse.core.templates.reading import read_typed

Content: TypeAlias = Sms | Push | WhatsApp
"""What one message of a mobile channel says."""

FORMATS: Final[dict[str, type[Content]]] = {"sms": Sms, "push": Push, "whatsapp": WhatsApp}
_APPROVED: Final = frozenset({"template", "language", "category", "footer", "value"})
"""Fields of WhatsApp whose words the platform approved: no programs, whatever braces they hold."""
_TAGS: Final = ("{{", "{%", "{#")


def read_content(channel: str, raw: Any) -> Content:
    """The typed content of a channel.

    Raises:
        ValidationError: with the pointer of what is wrong in it.
    """
    content: Content = read_typed(raw, FORMATS[channel], channel)
    if isinstance(content, WhatsApp) and (found := list(whatsapp.written_problems(content))):
        raise ValidationError(f"The WhatsApp content has problems: {found[0].detail}", fields=found)
    if isinstance(content, Sms) and content.segments is not None:
        raise ValidationError("segments are counted, not written.", fields=[FieldProblem("/segments", "leave it out")])
    return content


def programs_of(channel: str, content: Content) -> dict[str, str]:
    """Every text that holds template tags, by its path (``actions/0/title``). Constants are no programs."""
    found = dict(_strings(msgspec.to_builtins(content), ""))
    if channel == "whatsapp":
        found = {path: text for path, text in found.items() if _is_program(path)}
    return {path.removeprefix("/"): text for path, text in found.items() if any(tag in text for tag in _TAGS)}


def filled(
    channel: str, skeleton: Mapping[str, Any], programs: Mapping[str, str], run: Callable[[str], str]
) -> Content:
    """The content of one message.

    Args:
        channel: sms, push or whatsapp.
        skeleton: the content as written, as plain data.
        programs: which paths hold programs.
        run: renders the program of a path.

    Raises:
        ValidationError: what was rendered cannot be sent (an empty title, a link that runs something…).
    """
    raw = _copy(skeleton)
    for path in programs:
        _put(raw, path.split("/"), run(path))
    content: Content
    match msgspec.convert(raw, FORMATS[channel]):
        case Sms() as text:
            content = sms.finished(text)
            found = list(sms.problems(content))
        case Push() as notification:
            content, found = notification, list(push.problems(notification))
        case WhatsApp() as written:
            content = whatsapp.finished(written)
            found = list(whatsapp.filled_problems(content))
    if found:
        where = found[0].pointer.removeprefix("/") or channel
        raise ValidationError(f"The {channel} cannot be sent: {where}: {found[0].detail}.", fields=found)
    return content


def shown(content: Content) -> str:
    """What a person reads of it, as plain text."""
    match content:
        case Sms():
            return content.text
        case Push():
            return f"{content.title}\n{content.body}"
        case WhatsApp():
            return whatsapp.shown(content)


def _strings(part: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, dict):
        for name, inner in part.items():
            yield from _strings(inner, f"{path}/{name}")
    elif isinstance(part, list | tuple):
        for index, inner in enumerate(part):
            yield from _strings(inner, f"{path}/{index}")


def _is_program(path: str) -> bool:
    """``/text`` and parameters, links and file names; the approved words beside them are not."""
    *above, last = path.removeprefix("/").split("/")
    return last not in _APPROVED and (last != "text" or not above)


def _copy(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {name: _copy(inner) for name, inner in part.items()}
    return [_copy(inner) for inner in part] if isinstance(part, list | tuple) else part


def _put(part: Any, path: list[str], value: str) -> None:
    for step in path[:-1]:
        part = part[int(step) if isinstance(part, list) else step]
    part[int(path[-1]) if isinstance(part, list) else path[-1]] = value
