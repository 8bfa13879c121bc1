"""What targets are told: a mail, a signed request, a line in a chat; with every number in place, in four languages."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook
from tests.unit.http.fakes import FakeBox

from posthouse.bootstrap.alerts import LANGUAGES, speaker_of
from posthouse.config import Settings
from posthouse.config.model import Http
from posthouse.core.alerts.model import Alert, Kind, Notice, Phase, Target, TargetKind
from posthouse.core.alerts.telling import CHAT_PURPOSE, Ways, chat_of, mail_of
from posthouse.core.kernel.clock import MINUTE, SystemClock
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.webhooks import signing
from posthouse.core.webhooks.model import Posted
from posthouse.core.webhooks.requests import PURPOSE, Requests
from posthouse.core.workspaces.model import Workspace

SPEAKER = speaker_of(Settings(http=Http(public_url="https://post.example")), bytes(32))
SAMPLES: dict[Kind, dict[str, Any]] = {
    Kind.SILENCE: {"observed": 0, "expected": 40.5, "hours": 1.2, "weeks": 8},
    Kind.SURGE: {"observed": 1234, "expected": 40.5, "hours": 4, "weeks": 3},
    Kind.BOUNCES: {"happened": 21, "of": 200, "rate": 0.105, "limit_rate": 0.05},
    Kind.COMPLAINTS: {"happened": 3, "of": 1000, "rate": 0.003, "limit_rate": 0.001},
    Kind.LATENCY: {"seconds": 90, "limit_seconds": 60, "of": 22},
    Kind.SERVICE_LEVEL: {"kept_rate": 0.93, "share_rate": 0.95, "within_seconds": 5.0, "of": 100, "late": 7, "left": -2.0, "burn": 8.0, "days": 28},
    Kind.PROVIDER: {"seconds": 75},
    Kind.QUEUE: {"seconds": 4000, "limit_seconds": 300, "waiting": 1},
    Kind.WEBHOOK: {"seconds": 7300, "waiting_events": 50},
    Kind.DOMAIN: {"records": "TXT x.shop.example", "advice": "Publish it."},
    Kind.CERTIFICATE: {"left_days": 2, "until": "2027-01-01"},
    Kind.KEY: {"days": 401, "limit_days": 400},
    Kind.REVIEW: {"until": "2027-01-01"},
}  # fmt: skip


def alert(kind: Kind = Kind.SILENCE, subject: str = "invoice", **changes: Any) -> Alert:
    fields = {"id": b"a" * 16, "workspace_id": b"w" * 16, "kind": kind, "subject": subject, "numbers": SAMPLES[kind]}
    return Alert(**(fields | {"opened_at": 1_796_000_000_000_000, "told": True} | changes))


def notice(what: Alert, phase: Phase = Phase.OPENED) -> Notice:
    return Notice(b"n" * 16, what.workspace_id, what, phase, "ops", what.opened_at)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(Kind))
def test_every_number_is_said(kind: Kind, language: str) -> None:
    """No brace and no question mark is left; a number that a sentence names is one that the judge gives."""
    for subject in ("invoice", ""):
        title, text = SPEAKER.title(alert(kind, subject), language), SPEAKER.text(alert(kind, subject), language)
        assert not set("{}?") & set(title + text)
    assert SPEAKER.title(alert(kind, ""), language) != SPEAKER.title(alert(kind, "x"), language)


def test_numbers_are_of_the_language() -> None:
    """Decimal signs, thousands, percent, and the three plurals of Russian."""
    surge = alert(Kind.SURGE)
    assert "1,234 messages in the last 4 hours" in SPEAKER.text(surge, "en")
    assert "1 234 сообщения" in SPEAKER.text(surge, "ru").replace("\xa0", " ")
    assert "10,5 %" in SPEAKER.text(alert(Kind.BOUNCES), "fr").replace("\xa0", " ").replace("\u202f", " ")
    assert "21 сообщение" in SPEAKER.text(alert(numbers=SAMPLES[Kind.SILENCE] | {"observed": 21}), "ru")
    assert "0 сообщений" in SPEAKER.text(alert(), "ru")
    assert "67 minutes" in SPEAKER.text(alert(Kind.QUEUE), "en")
    assert "2 hours. Waiting: 50 events." in SPEAKER.text(alert(Kind.WEBHOOK), "en")
    for hours, said in ((0.05, "3 minutes"), (0.5, "30 minutes"), (1.04, "hour;"), (1, "hour;"), (1.06, "1.1 hours;")):
        assert f"in the last {said}" in SPEAKER.text(alert(numbers=SAMPLES[Kind.SILENCE] | {"hours": hours}), "en")
    paused = alert(Kind.WEBHOOK, numbers={"paused": 1, "waiting_events": 2})
    assert "2 события" in SPEAKER.text(paused, "ru")


def test_one_hour_has_no_number() -> None:
    """And counts of counts say what is counted once."""
    quiet = alert(numbers=SAMPLES[Kind.SILENCE] | {"hours": 1})
    assert SPEAKER.text(quiet, "en").startswith("0 messages in the last hour; about 40.5 are usual")
    assert "en une heure" in SPEAKER.text(quiet, "fr")
    assert SPEAKER.text(alert(Kind.BOUNCES), "en").startswith("21 of 200 messages bounced in the last 24 hours")


def test_pages_are_for_whoever_was_told() -> None:
    """An address names workspace and alert; one that is changed anywhere, or another house's, names nothing."""
    word = SPEAKER.page(alert()).rpartition("/")[2]
    assert SPEAKER.read_page(word) == (b"w" * 16, b"a" * 16)
    other = speaker_of(Settings(), b"x" * 32)
    for place in (0, 20, 40, len(word) - 2):
        letter = "b" if word[place] == "a" else "a"
        assert SPEAKER.read_page(word[:place] + letter + word[place + 1 :]) is None
    for wrong in (word.upper(), word + "a", word[:-1], "", "é", "1" * 64, "a" * 5000):
        assert SPEAKER.read_page(wrong) is None
    assert other.read_page(word) is None


def test_the_words_of_all_languages_are_the_same() -> None:
    """What one says all say, naming the same numbers."""
    speakers = SPEAKER._words
    for name in ("titles", "texts", "words"):
        assert {tuple(getattr(one, name)) for one in speakers.values()} == {tuple(getattr(speakers["en"], name))}
    assert {tuple(one.units) for one in speakers.values()} == {tuple(speakers["en"].units)}


def test_the_mail() -> None:
    """Content of its own, escaped; what is over says how long it lasted; sent again it has the same key."""
    over = alert(subject="<b>a&b", recovered_at=1_796_000_000_000_000 + 34 * MINUTE)
    mail = mail_of(notice(over, Phase.RECOVERED), SPEAKER, Target("ops", TargetKind.EMAIL, "ops@shop.example"), "shop")
    assert mail.subject == "[Posthouse shop] Over: <b>a&b: nothing is sent any more"
    assert "&lt;b&gt;a&amp;b" in (mail.html or "")
    assert "It lasted 34 minutes." in (mail.text or "")
    assert f"More about it: {SPEAKER.page(over)}\n" in (mail.text or "")
    assert "/v1/" not in (mail.text or "") + (mail.html or ""), "a person is not led to JSON"
    test = mail_of(notice(over, Phase.TEST), SPEAKER, Target("ops", TargetKind.EMAIL, "ops@shop.example"), "shop")
    assert "http" not in (test.text or ""), "a made-up alert is nowhere"
    again = mail_of(notice(over, Phase.RECOVERED), SPEAKER, Target("ops", TargetKind.EMAIL, "ops@shop.example"), "shop")
    assert mail == again
    assert mail.tags == ["posthouse:alert"]


def test_the_chat_is_no_markup() -> None:
    """Nobody is called by a template's name, and no link is made of it."""
    said = chat_of(notice(alert(subject="<!channel> @all")), SPEAKER, "en", "shop")
    assert "<!channel>" not in said
    assert "@all" not in said


def test_many_at_once_are_one_mail() -> None:
    """Each with its numbers; the title says how many."""
    several = msgspec.structs.replace(
        notice(alert()), others=tuple(alert(Kind.REVIEW, f"t{number}") for number in range(60))
    )
    mail = mail_of(several, SPEAKER, Target("ops", TargetKind.EMAIL, "ops@shop.example", "ru"), "shop")
    assert mail.subject == "[Posthouse shop] 61 оповещение: invoice: ничего больше не отправляется…"
    assert (mail.text or "").count("пересмотреть") == 49
    assert "11 оповещений" in (mail.text or "")


def test_each_of_several_leads_to_its_own_page() -> None:
    """In mails and in chats; none to another's."""
    others = tuple(alert(Kind.REVIEW, f"t{number}", id=bytes([number]) * 16) for number in range(1, 4))
    several = msgspec.structs.replace(notice(alert()), others=others)
    mail = mail_of(several, SPEAKER, Target("ops", TargetKind.EMAIL, "ops@shop.example"), "shop")
    chat = chat_of(several, SPEAKER, "en", "shop")
    for one in (alert(), *others):
        assert f"More about it: {SPEAKER.page(one)}" in (mail.text or "")
        assert (mail.html or "").count(f'href="{SPEAKER.page(one)}"') == 1
        line, page = next(pair for pair in pairwise(chat.split("\n")) if pair[1] == SPEAKER.page(one))
        assert line.startswith(SPEAKER.title(one, "en")), page


class Door:
    """Takes mails, or has no store."""

    def __init__(self) -> None:
        self.items: list[Submission] = []
        self.down = False

    async def accept(self, caller: Caller, items: list[Submission]) -> list[Receipt | PosthouseError]:
        if self.down:
            raise UnavailableError
        assert (caller.live, caller.key_id) == (True, None)
        self.items += items
        return [Receipt(b"m" * 16, b"")]


class Names:
    """One workspace."""

    async def get(self, workspace_id: bytes) -> Workspace:
        return Workspace(workspace_id, "shop", 0)


class Post:
    """Answers as told, and remembers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str], bytes]] = []
        self.answer = Posted(204)

    def check(self, url: str) -> str:
        return ""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        self.asked.append((url, headers, body))
        return self.answer

    async def close(self) -> None:
        """Nothing is open."""


async def test_the_three_ways() -> None:
    """Each says why it was not taken; a webhook's signature is good, and a chat's URL comes out of the box only here."""
    door, post, box = Door(), Post(), FakeBox()
    ways = Ways(door, Names(), post, Requests(post, box, SystemClock()), box, SPEAKER)
    secret = b"s" * 32
    hook = Target("crm", TargetKind.WEBHOOK, "https://crm.example/in", secret=box.seal(secret, purpose=PURPOSE))
    hidden = box.seal(b"https://chat.example/T0", purpose=CHAT_PURPOSE)
    chat = Target("chat", TargetKind.CHAT, "https://chat.example/…", "fr", secret=hidden)
    mail = Target("ops", TargetKind.EMAIL, "ops@shop.example")
    told = notice(alert())
    assert [await ways.tell(target, told) for target in (hook, chat, mail)] == ["", "", ""]
    (url, headers, body), (room, _, line) = post.asked
    document = Webhook(signing.show_secret(secret)).verify(body.decode(), dict(headers))
    assert (url, document["type"], document["data"]["numbers"]["expected"]) == (
        "https://crm.example/in",
        "alert.opened",
        40.5,
    )
    assert headers["webhook-id"] == document["id"]
    assert (room, msgspec.json.decode(line)["text"].splitlines()[0]) == (
        "https://chat.example/T0", "[shop] invoice : plus rien n\u2019est envoyé",
    )  # fmt: skip
    assert [one.to for one in door.items] == ["ops@shop.example"]
    post.answer, door.down = Posted(500), True
    assert await ways.tell(hook, told) == "it answered 500"
    post.answer = Posted(None, error="forbidden-address: no")
    assert (await ways.tell(chat, told))[:9] == "forbidden"
    assert (await ways.tell(mail, told)).startswith("unavailable: "), "the log shows what stands before the colon"
    assert "nothing was changed" in await ways.tell(mail, told)


async def test_a_secret_that_cannot_be_read_is_an_answer() -> None:
    """After a change of the master key a target cannot be told; others are, and this one is given up in the end."""
    box = FakeBox()
    ways = Ways(Door(), Names(), Post(), Requests(Post(), box, SystemClock()), box, SPEAKER)
    for kind in (TargetKind.CHAT, TargetKind.WEBHOOK):
        target = Target("chat", kind, "https://chat.example/…", secret=box.seal(b"x", purpose="another key"))
        assert (await ways.tell(target, notice(alert()))).startswith("secret: ")
