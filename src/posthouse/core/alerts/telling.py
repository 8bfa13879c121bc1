"""What an alert says, and the ways to say it: a mail of our own, a signed request, a line in a chat."""

import base64
import hmac
import tomllib
from collections.abc import Mapping
from hashlib import blake2b
from html import escape
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from posthouse.core.alerts.model import EVERYTHING, Alert, Kind, Notice, Phase, Target, TargetKind
from posthouse.core.analytics.folding import NOT_COUNTED
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.errors import KeyReusedError
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.webhooks.model import Endpoint, Posted, Secret
from posthouse.core.webhooks.ports import Poster
from posthouse.core.webhooks.requests import Requests
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.ports import SecretBox

CHAT_PURPOSE: Final = "alert-chat"
PAGE_PURPOSE: Final = "alert pages"
"""Of the key that signs addresses of pages."""
PAGE: Final = "/alerts/"
_MAC: Final = 8
SHOWN: Final = 50
"""Alerts that one notice tells of."""
_STEPS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


class Formats(Protocol):
    """Numbers as a language writes them (CLDR)."""

    def number(self, value: float, language: str) -> str:
        """``1,234.5``: at most one digit after the point."""
        ...

    def percent(self, value: float, language: str) -> str:
        """``4.2%`` of 0.042: at most two digits after the point."""
        ...

    def plural(self, value: float, language: str) -> str:
        """``one``, ``few``, ``many``, ``other``."""
        ...


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language; braces name numbers."""

    titles: dict[str, str]
    texts: dict[str, str]
    units: dict[str, dict[str, str]]
    words: dict[str, str]


class Speaker:
    """Says alerts in four languages.

    Args:
        texts: the words of each language, TOML (core/alerts/words).
        formats: how numbers are written.
        address: what links begin with.
        key: of the house, for links that need no other key.
    """

    def __init__(self, texts: Mapping[str, str], formats: Formats, address: str, key: bytes) -> None:
        self._key = key
        self._words = {name: msgspec.convert(tomllib.loads(text), _Words) for name, text in texts.items()}
        self._formats = formats
        self._address = address.rstrip("/")

    def title(self, alert: Alert, language: str, phase: Phase = Phase.OPENED) -> str:
        """One line."""
        spoken = self._of(language)
        subject = alert.subject if alert.subject != EVERYTHING else spoken.words["everything"]
        title = spoken.titles[alert.kind.value].format(subject=" ".join(subject.split()))
        return title if phase is Phase.OPENED else spoken.words[phase.value].format(title=title)

    def text(self, alert: Alert, language: str) -> str:
        """The numbers, in a sentence or two."""
        spoken = self._of(language)
        numbers = self._numbers(alert.numbers, language)
        name = alert.kind.value
        if alert.kind is Kind.WEBHOOK and "paused" in alert.numbers:
            name = "webhook-paused"
        return spoken.texts[name].format_map(numbers)

    def lasted(self, alert: Alert, language: str) -> str:
        """How long it took, when it is over."""
        if alert.recovered_at is None:
            return ""
        seconds = (alert.recovered_at - alert.opened_at) // SECOND
        return self._of(language).words["lasted"].format(time=self._duration(seconds, language))

    def several(self, count: int, language: str) -> str:
        """So many alerts."""
        return self._counted("alerts", count, language)

    def word(self, name: str, language: str) -> str:
        """A word that stands alone."""
        return self._of(language).words[name]

    def page(self, alert: Alert) -> str:
        """Where a person can read it, without a key: whoever was told may see how it is going."""
        return f"{self._address}{PAGE}{self._word(alert.workspace_id, alert.id)}"

    def read_page(self, word: str) -> tuple[Id, Id] | None:
        """Workspace and alert that the last part of such an address names, if it is one of ours."""
        try:
            raw = base64.b32decode(word.upper() + "=" * (-len(word) % 8)) if word.isascii() and len(word) < 99 else b""
        except ValueError:
            return None
        found = raw[:16], raw[16:32]
        ours = len(raw) == 32 + _MAC and hmac.compare_digest(self._word(*found), word)
        return found if ours else None

    def _word(self, workspace_id: Id, alert_id: Id) -> str:
        both = workspace_id + alert_id
        mac = blake2b(both, digest_size=_MAC, key=self._key).digest()
        return base64.b32encode(both + mac).decode().rstrip("=").lower()

    def link(self, alert: Alert) -> str:
        """Where programs read it."""
        return f"{self._address}/v1/alerts/{ids.show(ids.ALERT, alert.id)}"

    def _of(self, language: str) -> _Words:
        return self._words.get(language) or self._words["en"]

    def _numbers(self, numbers: Mapping[str, float | int | str], language: str) -> "_Known":
        shown = _Known({name: self._shown(name, value, language) for name, value in numbers.items()})
        words = self._of(language).words
        shown["span"] = (
            words["last_hour"]
            if round(float(numbers.get("hours", 0)), 1) == 1
            else words["last_hours"].format_map(shown)
        )
        return shown

    def _shown(self, name: str, value: float | str, language: str) -> str:
        """By the name of the number: shares, times, and what has a plural."""
        if isinstance(value, str):
            return value
        _, _, unit = name.rpartition("_")
        if unit == "rate":
            return self._formats.percent(value, language)
        if unit == "seconds":
            return self._duration(value, language)
        if name == "hours" and value < 1:
            return self._duration(round(3_600 * value), language)
        units = self._of(language).units
        known = (
            unit
            if unit in units
            else {
                "observed": "messages",
                "of": "messages",
                "waiting": "messages",
            }.get(name)
        )
        return self._formats.number(value, language) if known is None else self._counted(known, value, language)

    def _counted(self, unit: str, value: float, language: str) -> str:
        forms, value = self._of(language).units[unit], round(value, 1)  # as it is written: 1.04 is "1 hour"
        form = forms.get(self._formats.plural(value, language)) or forms["other"]
        return form.format(n=self._formats.number(value, language))

    def _duration(self, seconds: float, language: str) -> str:
        for unit, length in _STEPS:
            if seconds >= 2 * length:
                return self._counted(unit, round(seconds / length, 1 if seconds < 10 * length else None), language)
        return self._counted("seconds", round(seconds, 1), language)


class _Known(dict[str, str]):
    """What is not known is a question mark."""

    def __missing__(self, _name: str) -> str:
        return "?"


def document(alert: Alert, speaker: Speaker, language: str) -> dict[str, Any]:
    """An alert as JSON, for the API, webhooks and the command line alike."""
    return {
        "id": ids.show(ids.ALERT, alert.id),
        "kind": alert.kind.value,
        "subject": alert.subject or None,
        "state": "open" if alert.recovered_at is None else "recovered",
        "title": speaker.title(alert, language),
        "text": speaker.text(alert, language),
        "numbers": alert.numbers,
        "opened_at": show_moment(alert.opened_at),
        "recovered_at": None if alert.recovered_at is None else show_moment(alert.recovered_at),
        "told": alert.told,
        "acknowledged_at": None if alert.acknowledged_at is None else show_moment(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by or None,
        "note": alert.note or None,
        "link": speaker.link(alert),
        "page": speaker.page(alert),
    }


class Accepts(Protocol):
    """The door for messages."""

    async def accept(self, caller: Caller, items: list[Submission]) -> list[Receipt | PosthouseError]:
        """See MessageService."""
        ...


class Workspaces(Protocol):
    """Where names of workspaces are."""

    async def get(self, workspace_id: Id) -> Workspace:
        """See WorkspaceService."""
        ...


class Ways:
    """Teller over the house's own means.

    Args:
        messages: takes mails.
        workspaces: for their names: somebody may be told about several.
        poster: makes requests.
        requests: signs them.
        box: opens secrets.
        speaker: says it.
    """

    def __init__(
        self,
        messages: Accepts,
        workspaces: Workspaces,
        poster: Poster,
        requests: Requests,
        box: SecretBox,
        speaker: Speaker,
    ) -> None:
        self._messages = messages
        self._workspaces = workspaces
        self._poster = poster
        self._requests = requests
        self._box = box
        self._speaker = speaker

    async def tell(self, target: Target, notice: Notice) -> str:
        """Tells; what went wrong, in words."""
        try:
            workspace = (await self._workspaces.get(notice.workspace_id)).name
            if target.kind is TargetKind.EMAIL:
                return await self._mail(target, notice, workspace)
            way = self._request if target.kind is TargetKind.WEBHOOK else self._chat
            posted = await way(target, notice, workspace)
        except PosthouseError as error:
            return _told(error)
        except ValueError as error:  # its secret was sealed with another master key: others are told all the same
            return f"secret: {error}"
        if posted.status is not None and 200 <= posted.status < 300:
            return ""
        return posted.error or f"it answered {posted.status}"

    async def _mail(self, target: Target, notice: Notice, workspace: str) -> str:
        mail = mail_of(notice, self._speaker, target, workspace)
        (answer,) = await self._messages.accept(Caller(notice.workspace_id, None, live=True), [mail])
        if isinstance(answer, KeyReusedError):
            return ""  # it was taken before, worded otherwise: the workspace had another name
        return _told(answer) if isinstance(answer, PosthouseError) else ""

    async def _request(self, target: Target, notice: Notice, workspace: str) -> Posted:
        body = {
            "id": notice_id(notice.id),
            "type": f"alert.{notice.phase.value}",
            "timestamp": show_moment(notice.at),
            "workspace": workspace,
            "data": document(notice.alert, self._speaker, target.language),
        }
        endpoint = Endpoint(
            id=notice.id,
            workspace_id=notice.workspace_id,
            name=target.name,
            url=target.address,
            live=True,
            created_at=notice.at,
            secrets=(Secret(target.secret, notice.at),),
        )
        return await self._requests.post(endpoint, notice_id(notice.id), msgspec.json.encode(body))

    async def _chat(self, target: Target, notice: Notice, workspace: str) -> Posted:
        url = self._box.open(target.secret, purpose=CHAT_PURPOSE).decode()
        body = msgspec.json.encode({"text": chat_of(notice, self._speaker, target.language, workspace)})
        headers = {"content-type": "application/json", "user-agent": "Posthouse-Alerts/1"}
        return await self._poster.post(url, headers, body)


def _told(error: PosthouseError) -> str:
    """What went wrong; what stands before the colon names nobody, and may be logged."""
    return f"{error.slug}: {error.detail}"


def notice_id(notice: Id) -> str:
    """The same for every attempt."""
    return ids.show(ids.NOTICE, notice)


class _Said(NamedTuple):
    """What stands below a title, and where one reads on; empty: nowhere."""

    line: str
    page: str = ""


def _lines(notice: Notice, speaker: Speaker, language: str) -> tuple[str, list[_Said]]:
    """A title, and what stands below it: of several alerts each leads to its own page, of one the last line does."""
    alert = notice.alert
    title = speaker.title(alert, language, notice.phase)
    if notice.others:
        together = [alert, *notice.others]
        each = [
            _Said(_each(one, speaker, language, speaker.title(one, language, notice.phase)), speaker.page(one))
            for one in together[:SHOWN]
        ]
        more = [_Said(speaker.several(len(together) - SHOWN, language))] if len(together) > SHOWN else []
        return f"{speaker.several(len(together), language)}: {title}…", [*each, *more]
    parts = [speaker.text(alert, language), speaker.lasted(alert, language)]
    if notice.phase is Phase.TEST:  # a made-up alert is nowhere
        return title, [_Said(part) for part in (*parts, speaker.word("only_test", language)) if part]
    return title, [*(_Said(part) for part in parts if part), _Said("", speaker.page(alert))]


def _each(alert: Alert, speaker: Speaker, language: str, title: str) -> str:
    return " ".join(
        part for part in (f"{title}.", speaker.text(alert, language), speaker.lasted(alert, language)) if part
    )


def chat_of(notice: Notice, speaker: Speaker, language: str, workspace: str) -> str:
    """Plain text; what a chat would read as markup is taken apart."""
    title, lines = _lines(notice, speaker, language)
    below = [word for said in lines for word in said if word]
    text = "\n".join([f"[{workspace}] {title}", *below])
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")


_COLOURS: Final = {"bad": "#b42318", "good": "#067647", "calm": "#475467"}
_STYLE: Final = (
    ".more{color:#1f5fbf}@media(prefers-color-scheme:dark){.page{background:#0f1216!important;color:#e6e9ee!important}"
    ".card{background:#1a1f27!important}.faint{color:#a3acba!important}.more{color:#8ab4f8!important}"
    ".bad{border-color:#f97066!important}.good{border-color:#47cd89!important}.calm{border-color:#98a2b3!important}}"
)


def _html(said: _Said, more: str) -> str:
    link = f'<a class="more" href="{escape(said.page, quote=True)}">{escape(more)}</a>' if said.page else ""
    return "<br>".join(part for part in (escape(said.line), link) if part)


def _plain(said: _Said, more: str) -> str:
    return "\n".join(part for part in (said.line, f"{more}: {said.page}" if said.page else "") if part)


def mail_of(notice: Notice, speaker: Speaker, target: Target, workspace: str) -> Submission:
    """A mail with content of its own; sent again it is the same message."""
    language = target.language
    title, lines = _lines(notice, speaker, language)
    since = speaker.word("since", language).format(
        at=show_moment(notice.alert.opened_at)[:16].replace("T", " ") + " UTC"
    )
    more = speaker.word("more", language)
    rows = "".join(
        f'<p style="margin:0 0 12px{"" if place else ";font-size:17px"}">{_html(said, more)}</p>'
        for place, said in enumerate(lines)
    )
    kind = {Phase.OPENED: "bad", Phase.RECOVERED: "good", Phase.TEST: "calm"}[notice.phase]
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        '<body class="page" style="margin:0;padding:24px 16px;font:16px/1.5 -apple-system,Segoe UI,Arial,sans-serif;'
        'color:#1d2430;background:#f4f5f7">'
        f'<div class="card {kind}" style="max-width:560px;margin:0 auto;background:#ffffff;border-radius:8px;'
        f'border-top:4px solid {_COLOURS[kind]};padding:24px;overflow-wrap:anywhere">'
        f'<p class="faint" style="margin:0 0 8px;font-size:14px;color:#5b6473">{escape(workspace)}</p>'
        f'<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">{escape(title)}</h1>{rows}'
        f'<p class="faint" style="margin:0;font-size:14px;color:#5b6473">{escape(since)}</p>'
        "</div></body></html>"
    )
    return Submission(
        to=target.address,
        subject=f"[Posthouse {workspace}] {title}"[:200],
        html=html,
        text="\n\n".join([title, *(_plain(said, more) for said in lines), since]) + "\n",
        headers={"X-Auto-Response-Suppress": "All"},
        tags=[NOT_COUNTED],
        lane="critical",
        idempotency_key=f"alert:{notice_id(notice.id)}:{target.name}",
    )
