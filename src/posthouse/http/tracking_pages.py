"""The pages for the readers of mails, and of alerts: plain, without scripts, in the reader's language."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode

from posthouse.core.alerts.model import Alert, Phase
from posthouse.core.alerts.telling import Speaker
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.pseudonyms import is_pseudonym
from posthouse.core.templates.model import Scale
from posthouse.http.languages import LANGUAGES
from posthouse.http.replies import RawHeaders, Reply
from posthouse.http.tracking_words import WORDS

HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1d2430;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.2rem}main a{color:#1f5fbf}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1f5fbf;color:#fff;"
    "cursor:pointer}button:focus-visible,a:focus-visible,input:focus-visible,textarea:focus-visible{outline:3px solid #f0a020;"
    "outline-offset:2px}nav{margin-top:3rem;font-size:.9rem}nav a{margin-right:1rem;color:#1f5fbf}fieldset{border:0;padding:0;"
    "margin:0 0 1rem}label{margin-right:.9rem;white-space:nowrap}textarea{font:inherit;width:100%;box-sizing:border-box}"
    "select,input[type=number]{font:inherit}table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}caption{text-align:start;font-weight:600;"
    "padding:0 0 .4rem}th,td{text-align:start;font-weight:400;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8885}article{margin:0 0 1rem;"
    "padding:.2rem 1rem;border:1px solid #8885;border-radius:.5rem;overflow-wrap:anywhere}article p{margin:.5rem 0;white-space:pre-line}"
    "time,.number{white-space:nowrap}td svg{display:block;max-width:100%}caption{overflow-wrap:anywhere}"
    ".choose{display:flex;flex-wrap:wrap;align-items:end;gap:.6rem}.choose label{margin:0;white-space:normal}.choose label,select{max-width:100%}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181f}nav a,main a{color:#8ab4f8}rect{fill:#8ab4f8}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_COMMON: Final[RawHeaders] = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
]
PAGE: Final[RawHeaders] = [
    *_COMMON,
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'".encode(),
    ),
]
"""For pages of ours."""
_VIEW_POLICY: Final = (
    b"default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline' https:; font-src https: data:; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    b"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
VIEW: Final[RawHeaders] = [*_COMMON, (b"content-security-policy", _VIEW_POLICY)]
"""For a message shown in the browser: no script runs, nothing of this host can be reached."""


def said(language: str, word: str, status: int = 200, *, form: str = "", **values: object) -> Reply:
    """A page with a heading, a sentence and maybe a form."""
    words = WORDS[language]
    text = escape(words[f"{word}_text"]).format(**{name: _strong(value) for name, value in values.items()})
    return page(language, words[word], f"<p>{text}</p>{form}", status)


def page(
    language: str, title: str, body: str, status: int = 200, *, asked: Mapping[str, object] | None = None
) -> Reply:
    """A page; ``body`` is markup. ``asked``: what the links to it in other languages ask for as well."""
    others = "".join(
        f'<a href="?{escape(urlencode({"lang": tag, **(asked or {})}), quote=True)}" lang="{tag}" hreflang="{tag}">{name}</a>'
        for tag, name in LANGUAGES.items()
        if tag != language
    )
    content = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main><nav>{others}</nav></body></html>"
    )
    return Reply(status, [HTML], content.encode(), security=PAGE)


def button(language: str, word: str, do: str) -> str:
    """A form with one button, which posts to the page it stands on."""
    return (
        f'<form method="post" action="?lang={language}"><button name="do" value="{do}">'
        f"{escape(WORDS[language][word])}</button></form>"
    )


def preferences(language: str, address: str, *, out: bool) -> Reply:
    """Whether commercial messages come, and the button that changes it."""
    words = WORDS[language]
    text = escape(words["out_text" if out else "in_text"]).format(address=_strong(address))
    form = button(language, "back_button", "subscribe") if out else button(language, "leave_button", "unsubscribe")
    return page(language, words["preferences"], f"<p>{text}</p>{form}")


def rating(language: str, scale: Scale, chosen: int, *, comment: bool = True) -> Reply:
    """The score that was chosen, which can still be changed, and the button that sends it; words only where they would be kept."""
    words = WORDS[language]
    scores = "".join(
        f'<label><input type="radio" name="score" value="{score}"{" checked" if score == chosen else ""}> {score}</label>'
        for score in range(scale.lowest, scale.highest + 1)
    )
    text = escape(words["rate_text"]).format(lowest=scale.lowest, highest=scale.highest)
    field = (
        f'<p><label for="comment">{escape(words["comment"])}</label><br><textarea id="comment" name="comment" rows="4" '
        'maxlength="2000"></textarea></p>'
    )
    form = (
        f'<form method="post" action="?lang={language}"><fieldset><legend>{text}</legend>{scores}</fieldset>'
        f"{field if comment else ''}<button>{escape(words['rate_button'])}</button></form>"
    )
    return page(language, words["rate"], form)


def alert(language: str, found: Alert, speaker: Speaker) -> Reply:
    """What an alert says, since when, and whether it is over or looked after."""
    phase = Phase.OPENED if found.recovered_at is None else Phase.RECOVERED
    lines = [speaker.text(found, language), _at(speaker.word("since", language), found.opened_at)]
    if found.recovered_at is not None:
        lines.append(speaker.lasted(found, language))
    elif found.acknowledged_at is not None:
        lines.append(
            f"{speaker.word('acknowledged', language)}: {show_moment(found.acknowledged_at)[:16].replace('T', ' ')} UTC"
        )
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    if found.recovered_at is None and found.acknowledged_at is None:
        command = f"posthouse alerts acknowledge {ids.show(ids.ALERT, found.id)}"
        body += f"<p>{escape(speaker.word('acknowledge', language))}<br><code>{escape(command)}</code></p>"
    return page(language, speaker.title(found, language, phase), body)


def _at(sentence: str, instant: int) -> str:
    return sentence.format(at=show_moment(instant)[:16].replace("T", " ") + " UTC")


def _strong(value: object) -> str:
    return f"<strong>{escape('•••' if is_pseudonym(str(value)) else str(value))}</strong>"
