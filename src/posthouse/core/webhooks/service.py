"""Endpoints as they are managed."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import HOUR, MINUTE, SECOND, Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.pace import Pace
from posthouse.core.messages import stream
from posthouse.core.messages.model import EventType
from posthouse.core.messages.stream import StreamQuery, StreamStore
from posthouse.core.webhooks import signing
from posthouse.core.webhooks.model import TEST_TYPE, Attempt, Endpoint, Filter, Line, Pause, Result, Secret
from posthouse.core.webhooks.ports import Poster, WebhookStore
from posthouse.core.webhooks.requests import PURPOSE, Requests
from posthouse.core.workspaces.ports import SecretBox

OVERLAP: Final = 24 * HOUR
"""How long a rotated secret goes on signing unless told otherwise."""
MAX_OVERLAP: Final = 30 * 24 * HOUR
MOST_ENDPOINTS: Final = 50
MOST_FILTERS: Final = 50
MAX_REPLAY: Final = 1_000
"""Events that one call may ask for again."""
TESTS: Final = 10
"""Test events that a workspace may ask for in a minute."""
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class UnknownEndpointError(NotFoundError):
    """There is no such webhook endpoint."""

    slug = "unknown-endpoint"


class EndpointExistsError(ConflictError):
    """A webhook endpoint has that name already."""

    slug = "endpoint-exists"


class Made(NamedTuple):
    """An endpoint and its new secret, which is shown only now."""

    endpoint: Endpoint
    secret: str


class Replay(NamedTuple):
    """How many events will be told again; ``more`` is where to go on, None: that was all."""

    events: int
    more: int | None


class WebhookService:
    """Adds, changes, tests, pauses and removes endpoints; asks for events again.

    Args:
        store: keeps them.
        events: the stream.
        poster: makes requests, for tests.
        box: seals secrets.
        clock: tells the time.
        new_id: makes identifiers.
        entropy: makes that many random bytes.
    """

    def __init__(
        self,
        store: WebhookStore,
        events: StreamStore,
        poster: Poster,
        box: SecretBox,
        *,
        clock: Clock,
        new_id: IdSource,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._events = events
        self._poster = poster
        self._box = box
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._requests = Requests(poster, box, clock)
        self._tests = Pace(TESTS, MINUTE, clock)

    async def add(
        self,
        workspace_id: Id,
        *,
        name: str,
        url: str,
        live: bool,
        types: Sequence[str] = (),
        templates: Sequence[str] = (),
        description: str = "",
    ) -> Made:
        """Adds an endpoint; it is told what happens from now on.

        Raises:
            ValidationError: name, URL or filters are wrong.
            EndpointExistsError: the workspace has one of that name.
        """
        problems = (
            [] if _NAME.fullmatch(name) else [_problem("/name", "1 to 63 lower-case letters, digits and hyphens")]
        )
        problems += self._url_problems(url)
        if problems:
            raise ValidationError("The endpoint cannot be added like this.", fields=problems)
        kinds = tuple(sorted(stream.read_types(types, "/types")))
        if len(await self._store.endpoints(workspace_id)) >= MOST_ENDPOINTS:
            raise ConflictError(f"A workspace may have {MOST_ENDPOINTS} webhook endpoints; remove one first.")
        secret = self._entropy(signing.SECRET_BYTES)
        endpoint = Endpoint(
            id=self._new_id(),
            workspace_id=workspace_id,
            name=name,
            url=url,
            live=live,
            created_at=self._clock.now(),
            secrets=(self._sealed(secret),),
            types=kinds,
            templates=_templates(templates),
            description=description[:500],
        )
        try:
            await self._store.add_endpoint(endpoint, await self._events.stream_end())
        except ConflictError:
            raise EndpointExistsError(f'The workspace has an endpoint "{name}" already; choose another name.') from None
        return Made(endpoint, signing.show_secret(secret))

    async def list(self, workspace_id: Id) -> Sequence[tuple[Endpoint, Line]]:
        """All of a workspace, oldest first."""
        return await self._store.endpoints(workspace_id)

    async def get(self, workspace_id: Id, name: str) -> tuple[Endpoint, Line]:
        """One by its name.

        Raises:
            UnknownEndpointError: there is none.
        """
        for endpoint, line in await self._store.endpoints(workspace_id):
            if endpoint.name == name:
                return endpoint, line
        raise UnknownEndpointError(f'This workspace has no webhook endpoint "{name[:64]}"; list them first.')

    async def change(
        self,
        workspace_id: Id,
        name: str,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        templates: Sequence[str] | None = None,
        description: str | None = None,
    ) -> tuple[Endpoint, Line]:
        """Replaces what is given.

        Raises:
            UnknownEndpointError: there is none.
            ValidationError: a value is wrong.
            ConflictError: somebody else changed it at the same moment.
        """
        before, line = await self.get(workspace_id, name)
        endpoint = before
        if url is not None:
            if problems := self._url_problems(url):
                raise ValidationError("The endpoint cannot be changed like this.", fields=problems)
            endpoint = msgspec.structs.replace(endpoint, url=url)
        if types is not None:
            kinds: tuple[EventType, ...] = tuple(sorted(stream.read_types(types, "/types")))
            endpoint = msgspec.structs.replace(endpoint, types=kinds)
        if templates is not None:
            endpoint = msgspec.structs.replace(endpoint, templates=_templates(templates))
        if description is not None:
            endpoint = msgspec.structs.replace(endpoint, description=description[:500])
        await self._store.update_endpoint(before, endpoint)
        return endpoint, line

    async def remove(self, workspace_id: Id, name: str) -> None:
        """Forgets it with its log.

        Raises:
            UnknownEndpointError: there is none.
        """
        endpoint, _ = await self.get(workspace_id, name)
        await self._store.remove_endpoint(workspace_id, endpoint.id)

    async def pause(self, workspace_id: Id, name: str) -> None:
        """Tells it nothing until it is resumed."""
        endpoint, _ = await self.get(workspace_id, name)
        await self._store.pause_endpoint(endpoint.id, Pause.MANUAL, self._clock.now())

    async def resume(self, workspace_id: Id, name: str) -> None:
        """Goes on where it stopped; whatever waits is due now."""
        endpoint, _ = await self.get(workspace_id, name)
        await self._store.pause_endpoint(endpoint.id, None, self._clock.now())

    async def rotate(self, workspace_id: Id, name: str, overlap: int = OVERLAP) -> Made:
        """A new secret; the one before goes on signing beside it for ``overlap`` microseconds.

        Raises:
            UnknownEndpointError: there is none.
            ValidationError: the overlap is negative or too long.
            ConflictError: somebody else changed it at the same moment.
        """
        if not 0 <= overlap <= MAX_OVERLAP:
            advice = f"0 to {MAX_OVERLAP // SECOND} seconds"
            raise ValidationError("The overlap is out of range.", fields=[_problem("/overlap_seconds", advice)])
        endpoint, _ = await self.get(workspace_id, name)
        now, secret = self._clock.now(), self._entropy(signing.SECRET_BYTES)
        present, *others = endpoint.secrets
        ending = [msgspec.structs.replace(present, ends_at=now + overlap)] if overlap else []
        still = [one for one in others if one.ends_at is not None and one.ends_at > now and overlap]
        secrets = (self._sealed(secret), *ending, *still)[:3]
        changed = msgspec.structs.replace(endpoint, secrets=secrets)
        await self._store.update_endpoint(endpoint, changed)
        return Made(changed, signing.show_secret(secret))

    async def test(self, workspace_id: Id, name: str) -> Attempt:
        """Sends one event of the type ``webhook.test`` now, whether the endpoint is paused or not; what became of it.

        Raises:
            UnknownEndpointError: there is none.
            TooOftenError: it would be too many: each is a request to somebody outside.
        """
        endpoint, _ = await self.get(workspace_id, name)
        self._tests.take(workspace_id)
        now, identifier = self._clock.now(), self._new_id()
        event = ids.show("test", identifier)
        body = msgspec.json.encode(
            {
                "id": event,
                "type": TEST_TYPE,
                "timestamp": show_moment(now),
                "data": {"endpoint": endpoint.name, "mode": "live" if endpoint.live else "test"},
            }
        )
        posted = await self._requests.post(endpoint, event, body)
        good = posted.status is not None and 200 <= posted.status < 300
        attempt = Attempt(
            id=identifier,
            workspace_id=workspace_id,
            endpoint_id=endpoint.id,
            at=now,
            event=event,
            type=TEST_TYPE,
            number=1,
            result=Result.DELIVERED if good else Result.FAILED,
            status=posted.status,
            error=posted.error,
            microseconds=posted.microseconds,
            request=body.decode(),
            answer=posted.body,
        )
        await self._store.add_attempt(attempt)
        return attempt

    async def attempts(self, workspace_id: Id, name: str, which: Filter) -> Sequence[Attempt]:
        """The delivery log of an endpoint, newest first (``which.endpoint_id`` is filled in)."""
        endpoint, _ = await self.get(workspace_id, name)
        return await self._store.attempts(workspace_id, msgspec.structs.replace(which, endpoint_id=endpoint.id))

    async def replay_one(self, workspace_id: Id, name: str, event: str) -> Replay:
        """Tells one event again, whatever the endpoint's filters.

        Raises:
            UnknownEndpointError: there is none.
            ValidationError: that is no event of this workspace and mode.
        """
        endpoint, _ = await self.get(workspace_id, name)
        seq = stream.read_cursor(event, "/event")
        query = StreamQuery(after=seq - 1, limit=1, workspace_id=workspace_id, live=endpoint.live)
        if not await self._events.stream(query, seq):
            advice = "take it from the delivery log or from GET /v1/events"
            raise ValidationError("There is no such event.", fields=[_problem("/event", advice)])
        await self._store.ask_again(endpoint.id, [seq], self._clock.now())
        return Replay(1, None)

    async def replay_range(self, workspace_id: Id, name: str, after: int, until: int | None = None) -> Replay:
        """Tells the events after one and up to another (None: the end) again that match the endpoint's filters; up to 1,000 at once."""
        endpoint, _ = await self.get(workspace_id, name)
        end = await self._events.stream_end()
        end = end if until is None else min(until, end)
        query = msgspec.structs.replace(query_of(endpoint), after=after, limit=MAX_REPLAY)
        found: list[int] = []
        while query.after < end and len(found) < MAX_REPLAY:
            upto = min(end, query.after + stream.WINDOW)
            told = await self._events.stream(query, upto)
            found += [one.event.seq for one in told]
            query = msgspec.structs.replace(
                query, after=found[-1] if len(told) == query.limit else upto, limit=max(1, MAX_REPLAY - len(found))
            )
        await self._store.ask_again(endpoint.id, found, self._clock.now())
        return Replay(len(found), query.after if query.after < end else None)

    def _url_problems(self, url: str) -> Sequence[FieldProblem]:
        wrong = self._poster.check(url)
        return [FieldProblem("/url", wrong, "url")] if wrong else []

    def _sealed(self, secret: bytes) -> Secret:
        return Secret(self._box.seal(secret, purpose=PURPOSE), self._clock.now())


def query_of(endpoint: Endpoint) -> StreamQuery:
    """What an endpoint is told."""
    return StreamQuery(
        workspace_id=endpoint.workspace_id,
        live=endpoint.live,
        types=frozenset(endpoint.types),
        templates=frozenset(endpoint.templates),
    )


def _templates(keys: Sequence[str]) -> tuple[str, ...]:
    if len(keys) > MOST_FILTERS or any(not 1 <= len(key) <= 200 for key in keys):
        raise ValidationError(
            "The templates are not good.", fields=[_problem("/templates", f"at most {MOST_FILTERS} keys of templates")]
        )
    return tuple(dict.fromkeys(keys))


def _problem(pointer: str, advice: str) -> FieldProblem:
    return FieldProblem(pointer, f"write {advice}" if not advice.startswith("take") else advice, "form")
