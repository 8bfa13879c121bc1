"""Who was it? Rules are data; verdicts can be told again."""

import ipaddress
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.unit.tracking.stage import BROWSER, RULES, Stage, client_of, staged

from posthouse.core.messages.model import EventType
from posthouse.core.templates.model import Link
from posthouse.core.tracking.model import Facts, Verdict
from posthouse.core.tracking.recount import recount
from posthouse.core.tracking.rules import Around, Rules, around_of, network_of
from posthouse.core.tracking.tokens import Kind

TEXT = (Path(__file__).parents[3] / "src/posthouse/core/tracking/rules.toml").read_text()
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
CASES = [
    ("OPENED", Facts(BROWSER, "203.0.113.0/24", 60_000), "human", "looks-like-a-person"),
    ("OPENED", Facts("Mozilla/5.0", "17.58.0.0/24", 60_000), "machine", "apple-mail-privacy"),
    ("OPENED", Facts(BROWSER, "17.58.0.0/24", 60_000), "machine", "apple-mail-privacy"),
    ("CLICKED", Facts(BROWSER, "17.58.0.0/24", 60_000), "unknown", "apple-mail-privacy"),
    ("OPENED", Facts(GMAIL, "66.249.84.0/24", 60_000), "human", "gmail-image-proxy"),
    ("CLICKED", Facts(GMAIL, "66.249.84.0/24", 60_000), "machine", "gmail-image-proxy"),
    ("OPENED", Facts("YahooMailProxy; https://help.yahoo.com", "", 60_000), "human", "yahoo-mail-proxy"),
    ("CLICKED", Facts(BROWSER, "40.94.20.0/24", 60_000), "human", "looks-like-a-person"),
    ("CLICKED", Facts(BROWSER, "104.47.11.0/24", 60_000), "machine", "outlook-safe-links"),
    ("CLICKED", Facts(BROWSER, "2a01:111:f400::/48", 60_000), "machine", "outlook-safe-links"),
    ("CLICKED", Facts("Barracuda Sentinel (EE)", "", 60_000), "machine", "barracuda"),
    ("CLICKED", Facts(BROWSER, "64.235.150.0/24", 60_000), "machine", "barracuda"),
    ("CLICKED", Facts(BROWSER, "148.163.130.0/24", 60_000), "machine", "proofpoint"),
    ("CLICKED", Facts(BROWSER, "203.0.113.0/24", 900), "machine", "too-soon"),
    ("OPENED", Facts(BROWSER, "203.0.113.0/24", -5), "machine", "too-soon"),
    ("CLICKED", Facts(BROWSER, "203.0.113.0/24", None), "human", "looks-like-a-person"),
    ("CLICKED", Facts(BROWSER, "", 60_000, head=True), "machine", "head-request"),
    ("CLICKED", Facts(BROWSER, "", 60_000, trap=True), "machine", "hidden-link"),
    ("CLICKED", Facts("", "", 60_000), "machine", "no-user-agent"),
    ("CLICKED", Facts("curl/8.5.0", "", 60_000), "machine", "program"),
    ("CLICKED", Facts("SomethingNew 1.0", "", 60_000), "unknown", "unknown-user-agent"),
    ("OPENED", Facts("Microsoft Outlook 16.0.17", "", 60_000), "human", "looks-like-a-person"),
]


@pytest.mark.parametrize(("kind", "facts", "verdict", "reason"), CASES)
def test_verdicts(kind: str, facts: Facts, verdict: str, reason: str) -> None:
    """Each with its reason and the version of the rules."""
    judged = RULES.judge(EventType[kind], facts)
    assert (judged.verdict.word, judged.reason, judged.rules) == (verdict, reason, 1)


def test_conduct() -> None:
    """Many links at once, or the headers before the page, from one network; of opens only time counts."""
    facts = Facts(BROWSER, "203.0.113.0/24", 60_000, link=1)
    assert RULES.judge(EventType.CLICKED, facts, Around(3)).reason == "many-links-at-once"
    assert RULES.judge(EventType.CLICKED, facts, Around(1, head=True)).reason == "head-before"
    assert RULES.judge(EventType.CLICKED, facts, Around(2)).verdict is Verdict.HUMAN
    assert RULES.judge(EventType.OPENED, facts, Around(9, head=True)).verdict is Verdict.HUMAN


def test_what_happened_around() -> None:
    """The same network within seconds; the same link twice is one link; the hidden one is no link of the reader's."""
    mine = Facts(BROWSER, "203.0.113.0/24", 1, link=1)
    hits = [
        (0, msgspec.structs.replace(mine, link=2)),
        (3_900_000, msgspec.structs.replace(mine, link=1, head=True)),
        (4_100_000, msgspec.structs.replace(mine, link=3)),
        (0, msgspec.structs.replace(mine, link=4, network="198.51.100.0/24")),
        (0, msgspec.structs.replace(mine, link=5, trap=True)),
    ]
    assert around_of(0, mine, hits, RULES.timing) == Around(2, head=True)


def test_networks_are_kept_coarse() -> None:
    """/24 and /48: enough for the rules, too little to find anybody."""
    assert network_of(ipaddress.ip_address("203.0.113.77")) == "203.0.113.0/24"
    assert network_of(ipaddress.ip_address("2001:db8:1:2::5")) == "2001:db8:1::/48"
    assert network_of(None) == ""


def test_the_file_is_sound() -> None:
    """Every rule has a name, every word is one we know, no range is narrower than what is kept."""
    assert all(RULES.reasons())
    for rule in (*RULES._agents, *RULES._networks.values()):
        assert {rule.opens, rule.clicks} <= {"human", "machine", "unknown"}
        assert rule.name
    assert all(length <= (24 if version == 4 else 48) for version, length, _ in RULES._networks)
    with pytest.raises(msgspec.ValidationError):
        Rules(TEXT.replace("open_too_soon", "open_too_son"))


async def test_recount(stage: Stage, client: httpx.AsyncClient) -> None:
    """With all hits in view the first clicks of a scanner are a machine's too; other rules tell otherwise; again changes nothing."""
    release = stage.release(links=tuple(Link(f"https://shop.example/{n}") for n in range(4)))
    message = await stage.send(release)
    for number in range(4):
        await client.get(stage.path(Kind.CLICK, number, message=message))
        stage.clock.advance(200_000)
    await client.get(stage.path(Kind.OPEN) + ".gif")
    before = [event.data["verdict"] for event in await stage.events(EventType.CLICKED, message)]
    assert before == ["human", "human", "machine", "machine"]
    done = await recount(stage.store, RULES)
    assert (done.messages, done.hits, done.changed) == (2, 5, 2)
    after = await stage.events(EventType.CLICKED, message)
    assert [event.data["verdict"] for event in after] == ["machine"] * 4
    assert {event.data["agent"] for event in after} == {BROWSER}
    engagement = (await stage.store.engagements_of(stage.kit.workspace, message))[0]
    assert (engagement.human, engagement.machine) == (0, 4)
    fox = '[[user_agents]]\ncontains = "firefox"\nname = "fox"\n[[people]]'
    stricter = Rules(TEXT.replace("version = 1", "version = 2", 1).replace("[[people]]", fox, 1))
    await recount(stage.store, stricter)
    (opened,) = await stage.events(EventType.OPENED)
    assert (opened.data["verdict"], opened.data["reason"], opened.data["rules"]) == ("machine", "fox", 2)
    await recount(stage.store, RULES)
    (opened,) = await stage.events(EventType.OPENED)
    assert opened.data["verdict"] == "human"


async def test_a_recount_is_the_same_as_what_was_counted(tmp_path: Path) -> None:
    """When nothing new is known, the engagements after a recount are those from before."""
    async with staged(tmp_path) as stage, client_of(stage) as client:
        for _ in range(3):
            await client.get(stage.path(Kind.OPEN) + ".gif")
            await client.head(stage.path(Kind.CLICK, 0))
            stage.clock.advance(10_000_000)
        await client.post(stage.path(Kind.RATING, 0, 4), data={"score": "4"})
        before = await stage.store.engagements_of(stage.kit.workspace, stage.message)
        done = await recount(stage.store, RULES)
        assert done.changed == 0
        assert await stage.store.engagements_of(stage.kit.workspace, stage.message) == before
