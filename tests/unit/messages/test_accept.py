"""The way in: what is accepted, what is refused, and how exactly the refusal says why."""

import asyncio
import base64
import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.messages.scene import ORDER, Scene, wanted

from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.messages.committer import COMPANY, GLANCES, GroupCommitter
from posthouse.core.messages.errors import InProgressError, KeyReusedError, OverloadedError
from posthouse.core.messages.model import Lane, MessageQuery, Status, Stored
from posthouse.core.messages.service import AT_A_TIME, extras_of
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.model import UnknownPolicy
from posthouse.core.templates.rollout import takes_part


async def test_a_good_one_is_kept_before_the_answer(scene: Scene) -> None:
    """The answer names a message that can be read at once, with everything that was asked for."""
    receipt = await scene.accepted(
        to={"email": "Ann@Customer.EXAMPLE", "name": "Ann Ö"},
        correlation="order-1",
        tags=["vip"],
        automation={"key": "welcome", "step": "day-3"},
        metadata={"shop": 7},
        lane="critical",
    )
    message = await scene.house.messages.get(scene.caller.workspace_id, receipt.message_id)
    assert message.status is Status.QUEUED
    assert message.recipient == "Ann@customer.example"
    assert message.recipient_name == "Ann Ö"
    assert message.lane is Lane.CRITICAL
    assert message.tags == ("orders", "vip", "posthouse:step:welcome/day-3")
    assert message.policy is UnknownPolicy.HOLD
    assert extras_of(message.extras).metadata == {"shop": 7}
    answer = msgspec.json.decode(receipt.body)
    assert (answer["status"], answer["template"], answer["version"], answer["mode"]) == (
        "queued",
        "order-confirmation",
        1,
        "live",
    )


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"to": None}, ["/to"]),
        ({"to": {"email": "no at sign"}}, ["/to/email"]),
        ({"to": "a@b.example\r\nBcc: x@y.example"}, ["/to"]),
        ({"to": {"email": "a@b.example", "name": "Ann\nBcc: x"}}, ["/to/name"]),
        ({"contact": "c1", "to": None}, ["/contact"]),
        ({"tags": ["a", "posthouse:alert"]}, ["/tags/1"]),
        ({"variables": {}}, ["/variables/name", "/variables/order"]),
        ({"variables": {"name": "Ann", "order": {"lines": []}}}, ["/variables/order/number"]),
        ({"variables": {"name": "Ann", "order": {"number": "1", "lines": "x"}}}, ["/variables/order/lines"]),
        ({"lane": "urgent"}, ["/lane"]),
        ({"channel": "fax"}, ["/channel"]),
        ({"tags": [str(n) for n in range(11)]}, ["/tags"]),
        ({"tags": ["ok", ""]}, ["/tags/1"]),
        (
            {"conversion": {"order": "A\n1", "amount": "-1", "currency": "euro"}},
            ["/conversion/order", "/conversion/amount", "/conversion/currency"],
        ),
        ({"automation": {"key": "welcome/2", "step": ""}}, ["/automation/key", "/automation/step"]),
        ({"conversion": {"order": "A\u202e1", "amount": "1", "currency": "EUR"}}, ["/conversion/order"]),
        ({"headers": {"Subject": "x"}}, ["/headers/Subject"]),
        ({"headers": {"X-Posthouse-Id": "x"}}, ["/headers/X-Posthouse-Id"]),
        ({"headers": {"X-A": "b\r\nBcc: c"}}, ["/headers/X-A"]),
        ({"headers": {"X A": "b"}}, ["/headers/X A"]),
        ({"send_at": "tomorrow"}, ["/send_at"]),
        ({"send_at": "2027-01-01T00:00:00"}, ["/send_at"]),
        ({"send_at": "2999-01-01T00:00:00Z"}, ["/send_at"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["/expires_at"]),
        ({"from": "boss@other.example"}, ["/from"]),
        ({"from": "boss@sub.shop.example"}, ["/from"]),
        ({"reply_to": "boss@other.example"}, ["/reply_to"]),
        ({"cc": ["a@b.example", "bad"]}, ["/cc/1"]),
        ({"bcc": [f"a{n}@b.example" for n in range(51)]}, ["/bcc"]),
        ({"attachments": [{"name": "a.pdf", "type": "application/pdf"}]}, ["/attachments/0"]),
        ({"attachments": [{"name": "../a", "type": "pdf", "content": "%%%"}]},
         ["/attachments/0/name", "/attachments/0/type", "/attachments/0/content"]),
        ({"attachments": [{"name": "a", "type": "a/b", "upload": "upl_x"}]}, ["/attachments/0/upload"]),
        ({"attachments": [{"name": "a", "type": "message/rfc822", "content": "YQ=="}]}, ["/attachments/0/type"]),
        ({"correlation": ""}, ["/correlation"]),
        ({"locale": "english"}, ["/locale"]),
        ({"locale": "en-US" * 8, "template": None, "subject": "S", "text": "T"}, ["/locale"]),
        ({"supersedes": "a\u0000b"}, ["/supersedes"]),
        ({"idempotency_key": "x" * 256}, ["/idempotency_key"]),
        ({"metadata": {"x": "y" * 20_000}}, ["/metadata"]),
        ({"template": None}, ["/template"]),
        ({"subject": "Hi"}, ["/template"]),
        ({"template": None, "html": "<p>Hi</p>"}, ["/subject"]),
        ({"template": None, "subject": "Hi"}, ["/html"]),
        ({"template": None, "subject": "Hi\nBcc: x", "text": "x"}, ["/subject"]),
    ],
)  # fmt: skip
async def test_each_bad_field_is_named(scene: Scene, changes: dict[str, Any], pointers: list[str]) -> None:
    """Every problem of a request is told at once, each with its place, and nothing is kept."""
    assert await scene.pointers(**changes) == pointers
    page = await scene.house.messages.search(MessageQuery(scene.caller.workspace_id))
    assert page.items == []


async def test_several_bad_fields_are_counted_in_the_headline(scene: Scene) -> None:
    """How many, and the first of them with its place; one alone is called one."""
    several = await scene.send(locale="english", lane="urgent")
    assert isinstance(several, PosthouseError)
    assert several.detail.startswith("2 fields are wrong: /l")
    assert str(await scene.send(lane="bulky")).startswith("One field is wrong: /lane: ")


async def test_a_time_that_is_over_means_now(scene: Scene) -> None:
    """A message that should have left already leaves at once, and the answer says when."""
    receipt = await scene.accepted(send_at="2020-01-01T00:00:00Z", locale="fr_CA")
    told = msgspec.json.decode(receipt.body)
    assert (told["status"], told["send_at"] == told["created_at"], told["locale"]) == ("queued", True, "fr")


async def test_a_language_that_another_served_for_is_told(scene: Scene) -> None:
    """Which was asked for, what was tried in turn, which served: at the message's first event."""
    receipt = await scene.accepted(locale="de-AT")
    first = (await scene.house.messages.timeline(scene.caller.workspace_id, receipt.message_id))[0]
    told = {name: first.data.get(name) for name in ("locale_asked", "locale_tried", "locale")}
    assert told == {"locale_asked": "de-AT", "locale_tried": ["de-at", "de", "en"], "locale": "en"}
    receipt = await scene.accepted(locale="en")
    first = (await scene.house.messages.timeline(scene.caller.workspace_id, receipt.message_id))[0]
    assert "locale_asked" not in first.data


async def test_channels_that_cannot_be_sent_by_are_refused(scene: Scene) -> None:
    """A template may speak over them already; a message over them would lead nowhere."""
    text = read_folder({"sms.en.txt": b"Hi {{ name }}", "sample.json": b'{"name": "Ann"}'}, "hello")
    await scene.house.templates.push(scene.caller.workspace_id, text, publish=True)
    assert await scene.pointers(template="hello", variables={"name": "Ann"}) == ["/channel"]
    assert await scene.pointers(template="hello", channel="sms", variables={"name": "Ann"}) == ["/channel"]


async def test_an_unknown_template_names_the_nearest(scene: Scene) -> None:
    """A typo in the key is answered with the right one."""
    answer = await scene.send(template="order-confirmatoin")
    assert isinstance(answer, PosthouseError)
    assert answer.slug == "unknown-template"
    assert "order-confirmation" in answer.detail
    assert answer.fields[0].pointer == "/template"


async def test_the_locale_falls_back_and_says_so(scene: Scene) -> None:
    """fr-CA is served by fr, and what was asked for stays on record."""
    receipt = await scene.accepted(locale="fr-CA")
    message = await scene.house.messages.get(scene.caller.workspace_id, receipt.message_id)
    assert message.locale == "fr"
    assert extras_of(message.extras).fallback == "fr-CA"


async def test_content_of_ones_own_gets_the_default_sender(scene: Scene) -> None:
    """Inline content leaves from the workspace's first domain, and reads back as it was."""
    receipt = await scene.accepted(template=None, variables=None, subject="Hi", html="<p>Hé</p>", text="Hé")
    content = await scene.house.messages.content(scene.caller.workspace_id, receipt.message_id)
    assert (content.subject, content.html) == ("Hi", "<p>Hé</p>")
    assert ("From", "noreply@shop.example") in content.headers


@pytest.mark.parametrize("times", [1, 2_000])
async def test_html_alone_gets_a_text_part(scene: Scene, times: int) -> None:
    """Read out of the HTML as it is accepted, and kept: what is sent and shown later is the same for ever."""
    html = '<style>p{}</style><p>Hé &amp; <a href="https://shop.example/7">your order</a></p>' * times
    receipt = await scene.accepted(template=None, variables=None, subject="Hi", html=html)
    content = await scene.house.messages.content(scene.caller.workspace_id, receipt.message_id)
    assert content.text == "\n\n".join(["Hé & your order <https://shop.example/7>"] * times)
    assert b"Content-Type: multipart/alternative" in content.source


@pytest.mark.parametrize("html", ["<p> </p><img src=x>", "<p>x</p>" * 70_000], ids=["nothing to read", "too long"])
async def test_html_without_words_goes_alone(scene: Scene, html: str) -> None:
    """An empty text part would be worse than none; and reading has a bound."""
    receipt = await scene.accepted(template=None, variables=None, subject="Hi", html=html)
    content = await scene.house.messages.content(scene.caller.workspace_id, receipt.message_id)
    assert b"Content-Type: text/html" in content.source
    assert b"multipart" not in content.source


async def test_the_same_key_and_body_is_answered_as_the_first_time(scene: Scene) -> None:
    """A retry gets the first answer to the byte; there is one message."""
    first = await scene.accepted(idempotency_key="k1")
    again = await scene.accepted(idempotency_key="k1")
    assert again.replayed
    assert not first.replayed
    assert again.body == first.body
    assert again.message_id == first.message_id
    assert len((await scene.house.messages.search(MessageQuery(scene.caller.workspace_id))).items) == 1


async def test_a_retry_that_would_be_refused_by_now_still_gets_the_first_answer(scene: Scene) -> None:
    """A retry may come after the message has expired or its domain has gone: what was accepted stays accepted."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(milliseconds=200)
    request = {"idempotency_key": "k1", "expires_at": soon.isoformat()}
    first = await scene.accepted(**request)
    await asyncio.sleep(0.25)
    again = await scene.accepted(**request)
    assert again.replayed
    assert again.body == first.body
    assert await scene.pointers(**request, correlation="other") == ["/expires_at"]
    assert await scene.pointers(expires_at=request["expires_at"]) == ["/expires_at"]


async def test_the_same_key_with_another_body_is_refused(scene: Scene) -> None:
    """A key that is used for something else is a bug of the caller, and told."""
    await scene.accepted(idempotency_key="k1")
    assert isinstance(await scene.send(idempotency_key="k1", correlation="other"), KeyReusedError)


async def test_live_and_test_keys_do_not_share_idempotency(scene: Scene) -> None:
    """A rehearsal never stands in the way of the performance."""
    await scene.accepted(idempotency_key="k1")
    rehearsal = Caller(scene.caller.workspace_id, b"t" * 16, live=False)
    (answer,) = await scene.house.messages.accept(rehearsal, [wanted(idempotency_key="k1")])
    assert isinstance(answer, Receipt)
    assert not answer.replayed


async def test_a_second_request_while_the_first_is_under_way(scene: Scene) -> None:
    """At the same moment one is accepted, and the other told to ask again."""
    answers = await asyncio.gather(*(scene.send(idempotency_key="k1") for _ in range(5)))
    accepted = [answer for answer in answers if isinstance(answer, Receipt) and not answer.replayed]
    assert len(accepted) == 1
    assert all(isinstance(answer, InProgressError | Receipt) for answer in answers)
    assert any(isinstance(answer, InProgressError) for answer in answers)


async def test_in_a_batch_each_item_stands_alone(scene: Scene) -> None:
    """Good ones are kept, bad ones refused, and the answers come in order; the same key twice is one message."""
    items = [wanted(), wanted(to="bad"), wanted(idempotency_key="b"), wanted(idempotency_key="b"), wanted(template="x")]
    answers = await scene.house.messages.accept(scene.caller, items)
    assert [isinstance(answer, Receipt) for answer in answers] == [True, False, True, True, False]
    assert isinstance(answers[2], Receipt)
    assert isinstance(answers[3], Receipt)
    assert answers[3].replayed
    assert answers[3].body == answers[2].body


async def test_a_test_key_needs_no_domain(scene: Scene) -> None:
    """The first try of a developer works before any DNS was touched."""
    empty = await scene.house.workspaces.create("empty")
    for live in (True, False):
        caller = Caller(empty.id, None, live=live)
        (answer,) = await scene.house.messages.accept(
            caller, [wanted(template=None, variables=None, subject="Hi", text="x")]
        )
        assert isinstance(answer, Receipt) is not live


async def test_attachments_are_kept_once_and_read_back(scene: Scene) -> None:
    """The same file in two messages is stored once; uploads serve as well as inline bytes."""
    upload = await scene.house.messages.upload(scene.caller.workspace_id, "terms.pdf", "application/pdf", b"%PDF-x")
    content = base64.b64encode(b"%PDF-x").decode()
    receipts = [
        await scene.accepted(attachments=[{"name": "a.pdf", "type": "application/pdf", "content": content}]),
        await scene.accepted(attachments=[{"name": "a.pdf", "type": "application/pdf", "upload": upload.id}]),
    ]
    for receipt in receipts:
        shown = await scene.house.messages.content(scene.caller.workspace_id, receipt.message_id)
        assert [(a.name, a.size) for a in shown.attachments] == [("a.pdf", 6)]
        assert b'filename="a.pdf"' in shown.source


async def test_resend_makes_a_linked_copy(scene: Scene) -> None:
    """A message that has ended can be sent again: a new one with the same content, each knowing of the other."""
    receipt = await scene.accepted()
    with pytest.raises(PosthouseError, match="queued"):
        await scene.house.messages.resend(scene.caller, receipt.message_id)
    await scene.house.messages.cancel(scene.caller.workspace_id, receipt.message_id)
    new = await scene.house.messages.resend(scene.caller, receipt.message_id)
    message = await scene.house.messages.get(scene.caller.workspace_id, new.message_id)
    assert extras_of(message.extras).resend_of == receipt.message_id
    timeline = await scene.house.messages.timeline(scene.caller.workspace_id, receipt.message_id)
    assert timeline[-1].type.word == "message.resent"


async def test_another_workspace_sees_nothing(scene: Scene) -> None:
    """What is not yours is not there."""
    receipt = await scene.accepted()
    other = await scene.house.workspaces.create("other")
    for question in (scene.house.messages.get, scene.house.messages.timeline, scene.house.messages.cancel):
        with pytest.raises(PosthouseError, match="no message"):
            await question(other.id, receipt.message_id)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from([field.encode_name for field in msgspec.structs.fields(Submission)]), _json, max_size=4
    )
)
async def test_whatever_comes_is_accepted_or_refused_with_a_reason(scene: Scene, changes: dict[str, Any]) -> None:
    """No content of the fields may raise anything but a refusal that names at least one field."""
    try:
        submission = msgspec.convert(
            {"to": "a@b.example", "template": "order-confirmation", "variables": ORDER} | changes, Submission
        )
    except msgspec.ValidationError:
        return
    (answer,) = await scene.house.messages.accept(scene.caller, [submission])
    assert isinstance(answer, Receipt) or answer.fields


async def test_requests_that_arrive_while_a_commit_runs_share_the_next() -> None:
    """Forty requests at once need two commits, not forty."""
    commits: list[int] = []

    async def accept(batch: Any) -> Any:
        commits.append(len(batch))
        await asyncio.sleep(0.01)
        return [Stored() for _ in batch]

    committer = GroupCommitter(accept)
    first = asyncio.ensure_future(committer.commit([object()]))  # type: ignore[list-item]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(first, *(committer.commit([object()]) for _ in range(39)))  # type: ignore[list-item]
    assert len(commits) == 2
    assert sum(commits) == 40


async def test_few_messages_do_not_wait_behind_large_batches_nor_the_other_way_round() -> None:
    """A one-time code shares the next commit but one at the latest; a batch stays whole and is passed over once."""
    commits: list[str] = []
    coming: list[asyncio.Future[Any]] = []

    async def accept(batch: Any) -> Any:
        if len(commits) < 5:  # codes keep coming
            coming.append(asyncio.ensure_future(committer.commit(["c"])))  # type: ignore[list-item]
        await asyncio.sleep(0)
        commits.append("".join(dict.fromkeys(batch)))
        return [Stored() for _ in batch]

    committer = GroupCommitter(accept, group=512)
    await asyncio.gather(*(committer.commit([name] * 600) for name in "ABC"))  # type: ignore[list-item]
    await asyncio.gather(*coming)
    assert commits == ["A", "c", "B", "c", "C", "c"]


async def test_batches_leave_others_their_turn(scene: Scene) -> None:
    """However many batches come at once, little of them is checked in one turn of the loop: a single request passes between."""
    seen, most = 0, 0
    resolver = scene.house.messages._resolver

    class Counting:
        """Counts what is checked in this turn."""

        async def resolve(self, *asked: Any) -> Any:
            nonlocal seen, most
            seen += 1
            most = max(most, seen)
            return await resolver.resolve(*asked)

    async def turn() -> None:
        nonlocal seen
        while True:
            seen = 0
            await asyncio.sleep(0)

    scene.house.messages._resolver = Counting()  # type: ignore[assignment]
    turning = asyncio.ensure_future(turn())
    batches = [[wanted()] * 200 for _ in range(4)]
    answers = await asyncio.gather(*(scene.house.messages.accept(scene.caller, batch) for batch in batches))
    turning.cancel()
    assert all(isinstance(one, Receipt) for answer in answers for one in answer)
    assert most <= 5 * AT_A_TIME, most  # the first ones of each batch, and one more


async def test_a_busy_commit_waits_while_company_is_coming() -> None:
    """Under steady load a commit serves many; it does not wait for those who do not come."""
    commits: list[int] = []
    coming: list[asyncio.Future[Any]] = []

    async def accept(batch: Any) -> Any:
        commits.append(len(batch))
        await asyncio.sleep(0)
        return [Stored() for _ in batch]

    async def glance(_seconds: float) -> None:
        """Each time somebody waits for company, eight more come, a hundred in all."""
        more = range(min(8, 100 - len(coming)))
        coming.extend([asyncio.ensure_future(committer.commit([object()])) for _ in more])  # type: ignore[list-item]
        await asyncio.sleep(0)

    committer = GroupCommitter(accept, sleep=glance)
    await asyncio.gather(*(committer.commit([object()]) for _ in range(COMPANY + 1)))  # type: ignore[list-item]
    commits.clear()
    while len(coming) < 100:
        await committer.commit([object()])  # type: ignore[list-item]
        await asyncio.gather(*coming)
    assert len(commits) <= 2 * len(coming) // (8 * GLANCES) + 2, commits
    assert max(commits) >= 8 * GLANCES


async def test_a_failed_commit_fails_its_own_requests_only() -> None:
    """Those who shared it are told; those who come after go on."""
    outcomes: list[Exception | None] = [UnavailableError("full"), None]

    async def accept(batch: Any) -> Any:
        await asyncio.sleep(0)
        if (error := outcomes.pop(0)) is not None:
            raise error
        return [Stored() for _ in batch]

    committer = GroupCommitter(accept, waiting=2)
    with pytest.raises(UnavailableError):
        await committer.commit([object()])  # type: ignore[list-item]
    assert await committer.commit([object()]) == [Stored()]  # type: ignore[list-item]
    with pytest.raises(OverloadedError):
        await committer.commit([object()] * 3)  # type: ignore[list-item]


async def test_what_cannot_be_kept_takes_nobody_along() -> None:
    """A request that the store chokes on fails alone; those that shared its commit are kept."""
    poison = object()

    async def accept(batch: Any) -> Any:
        await asyncio.sleep(0)
        if poison in batch:
            raise ValueError("invalid byte sequence")
        return [Stored() for _ in batch]

    committer = GroupCommitter(accept)
    requests = [committer.commit([one]) for one in (object(), object(), poison, object())]  # type: ignore[list-item]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert [isinstance(answer, ValueError) for answer in answers] == [False, False, True, False]


async def test_an_upload_must_be_there_and_have_the_size_that_its_id_says(scene: Scene) -> None:
    """A smaller size in the id would carry gigabytes past the limit; an unknown file would fail long after the 202."""
    upload = await scene.house.messages.upload(scene.caller.workspace_id, "a", "a/b", b"x" * 1_000)
    digest = upload.id.partition("-")[0]
    for word in (f"{digest}-1", f"upl_{'0' * 64}-1000"):
        files = [{"name": "a", "type": "a/b", "upload": upload.id}, {"name": "a", "type": "a/b", "upload": word}]
        assert await scene.pointers(attachments=files) == ["/attachments/1/upload"]


async def test_a_share_gets_the_version_that_comes(scene: Scene) -> None:
    """The message's facts say which version it was; who names a version gets that, whatever is being rolled out."""
    house, workspace = scene.house, scene.caller.workspace_id
    template = await house.templates.get(workspace, "order-confirmation")
    assert template.draft is not None
    await house.templates.push(workspace, msgspec.structs.replace(template.draft, name="Newer"))
    begun = (await house.templates.publish(workspace, "order-confirmation", percent=50)).template
    assert begun.rollout is not None
    people = [f"person-{number}@customer.example" for number in range(20)]
    wanted = [2 if takes_part(begun.id, begun.rollout, person) else 1 for person in people]
    assert set(wanted) == {1, 2}
    got = [msgspec.json.decode((await scene.accepted(to=person)).body)["version"] for person in people]
    assert got == wanted
    named = await scene.accepted(to=people[wanted.index(2)], version=1)
    assert msgspec.json.decode(named.body)["version"] == 1
