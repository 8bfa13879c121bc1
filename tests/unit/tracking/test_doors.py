"""The doors: they lead where we signed, change nothing by being looked at, and tell strangers nothing."""

from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.tracking.stage import Stage, client_of, staged

from posthouse.core.keeping.ports import Bite, Mark, Step
from posthouse.core.keeping.scrubbing import left_of
from posthouse.core.kernel.clock import DAY, HOUR, SECOND
from posthouse.core.messages.model import Event, EventType
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.templates.model import Category, Link
from posthouse.core.tracking.ratings import RatingQuery
from posthouse.core.tracking.service import safe_url
from posthouse.core.tracking.tokens import Kind

NO_ADDRESSES = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "/relative",
    "",
    "https://",
    "https:///x",
    "ftp://a.example/",
    "mailto:a@b.example",
    "https://a b.example/",
    "https://[x/",
    "http://x" + "y" * 9000,
    "https://a\r\nb.example/",
    "https://good.example\\@evil.example/",
    "https://good.example\t.evil.example",
    "https://x:y/",
]
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_known_link(stage: Stage, client: httpx.AsyncClient) -> None:
    """302 to the address of the release, letters beyond ASCII encoded; kept with its facts and a verdict."""
    answer = await client.get(stage.path(Kind.CLICK))
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/sale?a=1&b=%C3%A9")
    assert "no-store" in answer.headers["cache-control"]
    (event,) = await stage.events(EventType.CLICKED)
    assert event.data == {
        "agent": client.headers["user-agent"], "network": "203.0.113.0/24", "after": 3_600_000, "link": 0,
        "verdict": "human", "reason": "looks-like-a-person", "rules": 1,
    }  # fmt: skip
    assert stage.told == [("clicked", "human")]
    assert stage.access[-1].route == "/c/{token}"


async def test_links_in_a_loop(stage: Stage, client: httpx.AsyncClient) -> None:
    """Each row leads to its own address, printed again from the variables; one more than there are leads nowhere."""
    where = [(await client.get(stage.path(Kind.CLICK, 1, n))).headers.get("location") for n in range(3)]
    assert where == ["https://a.example/1", "https://b.example/2?x=1&y=2", None]


async def test_after_the_content_was_erased(stage: Stage, client: httpx.AsyncClient) -> None:
    """Known links go on; of unknown ones what is known for sure, else a page that says so."""
    links = (
        Link("https://shop.example/"),
        Link("{{ x }}", dynamic=True),
        Link("{{ y }}", dynamic=True, fallback="https://shop.example/y"),
    )
    release = stage.release(links=links)
    erased = await stage.send(release, {})
    answers = [await client.get(stage.path(Kind.CLICK, n, message=erased)) for n in range(3)]
    assert [answer.status_code for answer in answers] == [302, 410, 302]
    assert answers[2].headers["location"] == "https://shop.example/y"
    assert "Ce lien" not in answers[1].text  # the browser said no language
    assert len(await stage.events(EventType.CLICKED, erased)) == 3


@pytest.mark.parametrize("why", ["retention", "contact"])
async def test_an_erased_mail_is_shown_no_more_and_its_reader_is_not_named(
    stage: Stage, client: httpx.AsyncClient, why: str
) -> None:
    """Politely. Under a keyed hash the person may still unsubscribe; of a person who was removed nothing is left to do that with."""
    workspace, hashes = stage.kit.workspace, Pseudonyms(bytes(32)) if why == "retention" else None
    (aged,) = await stage.store.aged(workspace, stage.kit.template_id, bytes(16), b"\xff" * 16, 9)
    left = left_of(aged, workspace, hashes, stage.clock.now(), why)
    await stage.store.erase(workspace, Bite(Mark(None, Step.CONTENT), bytes(16), bytes(16), [left]))
    shown = await client.get(stage.path(Kind.VIEW) + "?lang=en")
    assert (shown.status_code, "no longer be shown" in shown.text) == (410, True)
    page = await client.get(stage.path(Kind.UNSUBSCRIBE))
    posted = await client.post(stage.path(Kind.UNSUBSCRIBE), content=b"List-Unsubscribe=One-Click", headers=FORM)
    if hashes is None:
        assert (page.status_code, posted.status_code, stage.opt_outs.out) == (404, 404, set())
    else:
        assert (page.status_code, posted.status_code) == (200, 200)
        assert "•••" in page.text
        assert "erased:" not in page.text + posted.text
        assert stage.opt_outs.out == {(workspace, left.recipient)}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_head_is_answered_like_get(stage: Stage, client: httpx.AsyncClient, method: str) -> None:
    """Without a body; and whoever asks so is a machine."""
    answer = await client.request(method, stage.path(Kind.CLICK))
    assert (answer.status_code, answer.content) == (302, b"")
    picture = await client.request(method, stage.path(Kind.OPEN) + ".gif")
    assert picture.headers["content-length"] == "42"
    assert bool(picture.content) is (method == "GET")
    (event,) = await stage.events(EventType.CLICKED)
    assert event.data["verdict"] == ("human" if method == "GET" else "machine")


async def test_the_picture(stage: Stage, client: httpx.AsyncClient) -> None:
    """One pixel, never cached; it comes even for what is none of ours, but then nothing is kept."""
    answer = await client.get(stage.path(Kind.OPEN) + ".gif")
    assert answer.headers["content-type"] == "image/gif"
    assert answer.content[:6] == b"GIF89a"
    assert "no-store" in answer.headers["cache-control"]
    assert len(await stage.events(EventType.OPENED)) == 1
    for path in ("/o/x.gif", stage.path(Kind.CLICK).replace("/c/", "/o/") + ".gif"):
        assert (await client.get(path)).content == answer.content
    assert len(await stage.events(EventType.OPENED)) == 1


HOSTILE = [
    "x", "A" * 40, "A" * 5000, "../../etc/passwd", "%0d%0aset-cookie:a=b", "%0D%0Ax:%20y", "javascript:alert(1)",
    "https://evil.example/", "//evil.example/", "%00", "\U0001f600" * 10, "?url=https://evil.example/", ".gif", "c/" * 30,
]  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_hostile_paths(stage: Stage, client: httpx.AsyncClient, kind: Kind, method: str) -> None:
    """A page or a problem, never a redirect, never a defect, never a header that we did not write."""
    tampered = stage.path(kind)[3:]
    tampered = tampered[:-1] + ("A" if tampered[-1] != "A" else "B")
    for word in [*HOSTILE, tampered, stage.path(Kind((kind + 1) % len(Kind)))[3:]]:
        answer = await client.request(method, httpx.URL("http://links.shop.example").join(kind.path + word))
        told = {200, 400, 404, 405} | ({204} if kind is Kind.CONVERSION else set())  # a browser learns nothing
        assert answer.status_code in told, word
        assert answer.status_code != 200 or kind is Kind.OPEN
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert "evil" not in answer.text
    assert stage.defects == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_any_address_is_safe_in_a_header(text: str) -> None:
    """What comes out has a host, the right scheme, and only characters of RFC 3986."""
    for url in (text, f"https://shop.example/{text}", f"HTTP://{text}", f"https://{text}@shop.example/{text}"):
        made = safe_url(url)
        if made is not None:
            assert made.startswith(("http://", "https://"))
            assert made.isascii()
            assert made.isprintable()
            assert not set(made) & set(' <>"\\^`{|}')


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_web_address_leads_nowhere(url: str) -> None:
    """http and https with a host, nothing else."""
    assert safe_url(url) is None


def test_addresses_are_kept_as_they_were_meant() -> None:
    """What was encoded stays encoded, once; hosts beyond ASCII become A-labels; line ends are no line ends."""
    assert safe_url("https://shop.example/a%20b?q=%C3%A9&x=[1]#é") == "https://shop.example/a%20b?q=%C3%A9&x=[1]#%C3%A9"
    assert safe_url("https://bücher.example:8443/ö") == "https://xn--bcher-kva.example:8443/%C3%B6"
    assert safe_url("https://shop.example/\r\nSet-Cookie: a") == "https://shop.example/%0D%0ASet-Cookie:%20a"


async def test_a_hostile_variable_leads_nowhere(stage: Stage, client: httpx.AsyncClient) -> None:
    """Even a signed link goes to the web only."""
    lines = [{"name": "x", "url": url} for url in ("javascript:alert(1)", "https://ok.example/\r\nx: y", "data:,x")]
    message = await stage.send(stage.release(), {"name": "x", "lines": lines})
    answers = [await client.get(stage.path(Kind.CLICK, 1, n, message)) for n in range(3)]
    assert [answer.status_code for answer in answers] == [410, 302, 410]
    assert answers[1].headers["location"] == "https://ok.example/%0D%0Ax:%20y"


async def test_one_click(stage: Stage, client: httpx.AsyncClient) -> None:
    """POST with List-Unsubscribe=One-Click acts, once; urlencoded or multipart (RFC 8058 §3.1)."""
    path = stage.path(Kind.UNSUBSCRIBE)
    answer = await client.post(path, content="List-Unsubscribe=One-Click", headers=FORM)
    assert answer.status_code == 200
    assert stage.opt_outs.out == {(stage.kit.workspace, "ann@example.net")}
    again = await client.post(path, files={"List-Unsubscribe": (None, "One-Click")})
    assert again.status_code == 200
    assert stage.opt_outs.calls == ["one-click"]
    assert [event.data for event in await stage.events(EventType.UNSUBSCRIBED)] == [{"how": "one-click"}]


async def test_a_test_message_reaches_no_real_choice(stage: Stage, client: httpx.AsyncClient) -> None:
    """Whoever holds a test key can read such a mail in the sandbox: it must not silence, bring back or tell about a customer."""
    await client.post(stage.path(Kind.UNSUBSCRIBE), content="List-Unsubscribe=One-Click", headers=FORM)
    test = await stage.send(stage.release(), live=False)
    page = await client.get(stage.path(Kind.PREFERENCES, message=test) + "?lang=en")
    assert "no commercial messages" not in page.text
    back = await client.post(stage.path(Kind.PREFERENCES, message=test), data={"do": "subscribe"})
    assert back.status_code == 200
    assert stage.opt_outs.out == {(stage.kit.workspace, "ann@example.net")}
    stage.opt_outs.out.clear()
    away = await client.post(
        stage.path(Kind.UNSUBSCRIBE, message=test), content="List-Unsubscribe=One-Click", headers=FORM
    )
    assert away.status_code == 200
    assert stage.opt_outs.out == set()
    assert await stage.events(EventType.UNSUBSCRIBED, test) == []


@pytest.mark.parametrize("kind", [Kind.UNSUBSCRIBE, Kind.PREFERENCES, Kind.RATING, Kind.VIEW])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(stage: Stage, client: httpx.AsyncClient, kind: Kind, method: str) -> None:
    """Scanners follow every link of a mail: none of them leaves, rates or is counted."""
    answer = await client.request(method, stage.path(kind, 0, 4 if kind is Kind.RATING else 0))
    assert answer.status_code == 200
    assert stage.opt_outs.calls == []
    assert [
        event.type for event in await stage.store.events_of(stage.kit.workspace, stage.message) if event.type >= 30
    ] == []


async def test_other_posts_do_not_unsubscribe(stage: Stage, client: httpx.AsyncClient) -> None:
    """An empty or strange body is answered with 400; too large a one with 413."""
    path = stage.path(Kind.UNSUBSCRIBE)
    for body in ("", "List-Unsubscribe=Two-Click", "a=1&" * 20, "do=other", "\xff\x00"):
        assert (await client.post(path, content=body.encode(), headers=FORM)).status_code == 400
    assert (await client.post(path, content=b"x" * 20_000, headers=FORM)).status_code == 413
    assert stage.opt_outs.calls == []


async def test_the_pages_for_leaving(stage: Stage, client: httpx.AsyncClient) -> None:
    """In the language of the message, or as asked for; leave, come back, and see where one stands."""
    path = stage.path(Kind.PREFERENCES)
    page = (await client.get(path)).text
    assert 'lang="fr"' in page
    assert "<strong>ann@example.net</strong> reçoit les messages commerciaux" in page
    left = await client.post(path, data={"do": "unsubscribe"})
    assert "désabonné" in left.text
    assert "no commercial messages" in (await client.get(path + "?lang=en")).text
    assert "снова подписаны" in (await client.post(path + "?lang=ru", data={"do": "subscribe"})).text
    assert stage.opt_outs.out == set()
    assert len(await stage.events(EventType.RESUBSCRIBED)) == 1
    assert 'lang="es"' in (await client.get(path + "?lang=es")).text


async def test_transactional_mail_cannot_be_left(stage: Stage, client: httpx.AsyncClient) -> None:
    """Nobody unsubscribes from their password resets: such a token opens no page."""
    message = await stage.send(stage.release(category=Category.TRANSACTIONAL))
    for kind in (Kind.UNSUBSCRIBE, Kind.PREFERENCES):
        path = stage.path(kind, message=message)
        assert (await client.get(path)).status_code == 404
        assert (await client.post(path, content="List-Unsubscribe=One-Click", headers=FORM)).status_code == 404
    assert stage.opt_outs.calls == []


async def test_rating(stage: Stage, client: httpx.AsyncClient) -> None:
    """The link shows the score; what is sent counts, another score too; out of the scale is refused."""
    path = stage.path(Kind.RATING, 0, 4)
    page = await client.get(path)
    assert 'value="4" checked' in page.text
    assert (await client.post(path, data={"score": "5", "comment": " très bien "})).status_code == 200
    for score in ("0", "6", "x", "", "4.5", "٤", "000599999", "0004" + "9" * 5_000):
        assert (await client.post(path, data={"score": score})).status_code == 400
    (event,) = await stage.events(EventType.RATED)
    assert event.data == {"rating": "q1", "score": 5, "lowest": 1, "highest": 5, "comment": "très bien"}
    for number, score in ((1, 4), (0, 0), (0, 6)):
        assert (await client.get(stage.path(Kind.RATING, number, score))).status_code == 404


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"a%00b", "a b"), (b"%00%20%00", None), (b"good%0D%0Avery%0Agood", "good\nvery\ngood"), (b"%E2%80%AEdab", "dab"),
        (b"%ED%A0%80x%9B", "\ufffd\ufffd\ufffdx\ufffd"), (b"%C2%9B1m%1B[2J", "1m [2J"), (b"x" * 9_000, "x" * 2_000),
    ],
)  # fmt: skip
async def test_a_hostile_comment(stage: Stage, client: httpx.AsyncClient, sent: bytes, kept: str | None) -> None:
    """What no store keeps, or what would control a terminal or turn a line around, is left out; the rating counts."""
    body = b"score=5&comment=" + sent
    answer = await client.post(stage.path(Kind.RATING, 0, 4), content=body, headers=FORM)
    assert answer.status_code == 200
    (event,) = await stage.events(EventType.RATED)
    assert event.data.get("comment") == kept


@pytest.mark.parametrize("kind", list(Kind))
async def test_an_address_of_one_kind_opens_no_other_door(stage: Stage, client: httpx.AsyncClient, kind: Kind) -> None:
    """With the token of a link nobody unsubscribes, looks at the mail or rates it; what it is sent for, it says to nobody else."""
    token = stage.path(kind, 0, 4 if kind is Kind.RATING else 0)[3:]
    for other in Kind:
        if other in {kind, Kind.OPEN, Kind.CONVERSION}:  # which always say the same
            continue
        for do in ({}, {"do": "unsubscribe"}, {"score": "5"}):
            found = await client.request("POST" if do else "GET", f"{other.path}{token}", data=do or None)
            assert found.status_code in {404, 405}
            assert "ann@" not in found.text
    assert stage.opt_outs.calls == []
    for door in (Kind.OPEN, Kind.CONVERSION):
        if door is not kind:
            report = '{"order":"A-1","amount":"1.00","currency":"EUR"}' if door is Kind.CONVERSION else None
            await client.request("POST" if report else "GET", f"{door.path}{token}", content=report)
    assert [await stage.events(one) for one in (EventType.OPENED, EventType.RATED, EventType.CONVERTED)] == [[], [], []]


async def test_view_in_the_browser(stage: Stage, client: httpx.AsyncClient) -> None:
    """The message as it was sent, in a box: nothing runs in it; its own links work; after 30 days it is gone."""
    answer = await client.get(stage.path(Kind.VIEW))
    policy = answer.headers["content-security-policy"]
    assert "Hello Ann &lt;3" in answer.text
    assert f'href="{stage.path(Kind.UNSUBSCRIBE)}"' in answer.text
    assert 'href="https://shop.example/sale?a=1&amp;b=é"' in answer.text
    assert "/o/" not in answer.text
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["cache-control"] == "no-store"
    stage.clock.advance(31 * DAY)
    assert (await client.get(stage.path(Kind.VIEW))).status_code == 410


async def test_pages_cannot_be_framed_nor_run_anything(stage: Stage, client: httpx.AsyncClient) -> None:
    """And one policy only: two would be the narrower of both."""
    answer = await client.get(stage.path(Kind.UNSUBSCRIBE))
    policies = answer.headers.get_list("content-security-policy")
    assert len(policies) == 1
    assert "frame-ancestors 'none'" in policies[0]
    assert "<script" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_languages(stage: Stage, client: httpx.AsyncClient) -> None:
    """Without a message the browser's wish counts, by its weights."""
    for wish, told in (("ru", "ведёт"), ("de, es;q=0.5, fr;q=0.4", "enlace"), ("x;q=y", "leads"), ("", "leads")):
        assert told in (await client.get("/c/x", headers={"accept-language": wish})).text


async def test_other_methods(stage: Stage, client: httpx.AsyncClient) -> None:
    """Links are followed, not posted to."""
    assert (await client.post(stage.path(Kind.CLICK))).status_code == 405
    assert (await client.put(stage.path(Kind.UNSUBSCRIBE))).status_code == 405
    assert "POST" in (await client.options(stage.path(Kind.UNSUBSCRIBE))).headers["allow"]


async def test_an_unknown_message(stage: Stage, client: httpx.AsyncClient) -> None:
    """Signed, but gone: a page that says so."""
    for kind in (Kind.CLICK, Kind.UNSUBSCRIBE, Kind.VIEW, Kind.RATING):
        assert (await client.get(stage.path(kind, message=bytes(16)))).status_code in {404, 410}


async def test_a_store_that_is_away(stage: Stage, client: httpx.AsyncClient) -> None:
    """The picture comes all the same; links ask to come again."""
    await stage.store.close()
    assert (await client.get(stage.path(Kind.OPEN) + ".gif")).status_code == 200
    answer = await client.get(stage.path(Kind.CLICK))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


async def test_a_flood(stage: Stage, client: httpx.AsyncClient) -> None:
    """One mail fetched again and again from one network is written down fifty times an hour, answered always; others still count."""
    path = stage.path(Kind.OPEN) + ".gif"
    for _ in range(60):
        assert (await client.get(path)).status_code == 200
    assert len(await stage.events(EventType.OPENED)) == 50
    assert stage.told[-1] == ("opened", "dropped")
    async with client_of(stage, address="203.0.112.1") as reader, client_of(stage, address="127.0.0.1") as proxied:
        assert (await reader.get(stage.path(Kind.CLICK))).status_code == 302
        assert len(await stage.events(EventType.CLICKED)) == 1
        for _ in range(60):
            assert (await proxied.get(path)).status_code == 200
    hits = await stage.events(EventType.OPENED) + await stage.events(EventType.CLICKED)
    assert len(hits) == 100, (
        "a proxy of the house has no network of its own to be bounded by, but the message has its bound"
    )
    stage.clock.advance(HOUR)
    await client.get(path)
    assert len(await stage.events(EventType.OPENED)) == 100


async def test_a_network_that_asks_for_all_messages(tmp_path: Path) -> None:
    """Counted by /48 of IPv6, over all messages: the person is led on, nothing more is written until the next hour."""
    async with staged(tmp_path, network_limit=3) as stage:
        others = [await stage.send(stage.release()) for _ in range(4)]
        for number, message in enumerate(others):
            async with client_of(stage, address=f"2001:db8:7:{number}::1") as client:
                assert (await client.get(stage.path(Kind.CLICK, message=message))).status_code == 302
        assert [len(await stage.events(EventType.CLICKED, one)) for one in others] == [1, 1, 1, 0]
        async with client_of(stage, address="2001:db8:8::1") as client:
            await client.get(stage.path(Kind.CLICK, message=others[3]))
            assert len(await stage.events(EventType.CLICKED, others[3])) == 1


async def test_a_replay_that_takes_its_time(stage: Stage, client: httpx.AsyncClient) -> None:
    """Hour after hour, over restarts: from 2,000 opens on an unusual number is looked up and not written any more."""
    path = stage.path(Kind.OPEN) + ".gif"
    known = await stage.store.tracked([stage.message])
    opens = [Event(stage.message, stage.kit.workspace, EventType.OPENED, n, f"{n}", {}) for n in range(2_000)]
    await stage.store.add_hits(opens, known)
    before = len(await stage.events(EventType.OPENED))
    for _ in range(40):
        assert (await client.get(path)).status_code == 200
    assert len(await stage.events(EventType.OPENED)) == before + 20


async def test_words_in_the_same_minute_as_the_score(stage: Stage, client: httpx.AsyncClient) -> None:
    """Whoever sends a score and then thinks of something to say is heard; the same sent twice by an impatient hand is one answer."""
    path = stage.path(Kind.RATING, 0, 4)
    for body in (b"score=4", b"score=4&comment=came+late", b"score=4&comment=came+late", b"score=4"):
        assert (await client.post(path, content=body, headers=FORM)).status_code == 200
        stage.clock.advance(SECOND)
    assert [event.data.get("comment") for event in await stage.events(EventType.RATED)] == [None, "came late"]
    (answer,) = (await stage.store.rating_answers(RatingQuery(stage.kit.workspace, live=True))).answers
    assert (answer.score, answer.comment) == (4, "came late")


async def test_a_rating_sent_again_and_again(stage: Stage, client: httpx.AsyncClient) -> None:
    """Ten times an hour and fifty in all, however the words differ; a page says so, and the last answer stands."""
    path = stage.path(Kind.RATING, 0, 4) + "?lang=en"
    for n in range(12):
        answer = await client.post(path, content=f"score=3&comment=words+{n}".encode(), headers=FORM)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert "enough for now" in answer.text
    assert len(await stage.events(EventType.RATED)) == 10
    for _ in range(5):
        stage.clock.advance(HOUR)
        for n in range(10):
            await client.post(path, content=f"score=2&comment=more+{n}".encode(), headers=FORM)
    assert len(await stage.events(EventType.RATED)) == 50


async def test_leaving_and_coming_back_without_end(stage: Stage, client: httpx.AsyncClient) -> None:
    """Coming back has a bound, leaving has none: whoever wants out is out."""
    path = stage.path(Kind.PREFERENCES)
    answers = []
    for _ in range(12):
        stage.clock.advance(SECOND)
        answers.append((await client.post(path, content=b"do=unsubscribe", headers=FORM)).status_code)
        answers.append((await client.post(path, content=b"do=subscribe", headers=FORM)).status_code)
    assert answers == [200] * 21 + [429, 200, 429]
    assert stage.opt_outs.out
    assert len(await stage.events(EventType.RESUBSCRIBED)) == 10
    assert len(await stage.events(EventType.UNSUBSCRIBED)) == 11


async def test_the_hidden_link(stage: Stage, client: httpx.AsyncClient) -> None:
    """Leads nowhere, and says who followed it."""
    assert (await client.get(stage.path(Kind.CLICK, 2047))).status_code == 410
    (event,) = await stage.events(EventType.CLICKED)
    assert (event.data["verdict"], event.data["reason"]) == ("machine", "hidden-link")


async def test_many_links_at_once(stage: Stage) -> None:
    """The third link within seconds from one network is a machine's; another reader's first click is not."""
    release = stage.release(links=tuple(Link(f"https://shop.example/{n}") for n in range(5)))
    message = await stage.send(release)
    async with client_of(stage) as scanner, client_of(stage, address="198.51.100.7") as reader:
        for number in range(4):
            await scanner.get(stage.path(Kind.CLICK, number, message=message))
            stage.clock.advance(100_000)
        await reader.get(stage.path(Kind.CLICK, 0, message=message))
    verdicts = [event.data["verdict"] for event in await stage.events(EventType.CLICKED, message)]
    assert verdicts == ["human", "human", "machine", "machine", "human"]
    assert msgspec.json.encode(verdicts)
