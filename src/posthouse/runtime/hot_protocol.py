"""A short way through the server for requests that are nothing out of the ordinary: most of them.

uvicorn gives every request an event, two coroutines of messages and a cycle of its own, which costs more than reading the message that
was sent. A POST to a hot door whose body came with its head, and a GET of an address in a mail, need none of that: one task, one write.
Everything else, and every connection's order, limits and end, stays with uvicorn.
"""

from typing import Any, Final

from posthouse.http.auth import Headers
from posthouse.http.errors import HttpError
from posthouse.http.replies import closing
from posthouse.http.shell import HotDoor, Shell
from posthouse.runtime.patience import PatientProtocol

_HTTP_1_1: Final = "1.1"


class _UnderWay:
    """What uvicorn has to know of a request that is being answered: it lets the next one on the connection wait."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")

    def __init__(self) -> None:
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = True

    @property
    def message_event(self) -> "_UnderWay":
        """Set by uvicorn when the connection is lost."""
        return self

    def set(self) -> None:
        """Nobody waits for it."""


class HotProtocol(PatientProtocol):
    """The server's protocol in front of a :class:`Shell`."""

    _door: tuple[HotDoor, str] | None = None
    """Of the request whose head is complete and whose body is not yet; with its name in the log."""
    _body: list[bytes]

    def data_received(self, data: bytes) -> None:
        """What the client sent. A body that did not come in one piece with its head goes the ordinary way."""
        super().data_received(data)
        if self._door is not None:
            self._door = None
            self._hand_on()
            for piece in self._body:
                super().on_body(piece)

    def on_headers_complete(self) -> None:
        """A whole head: is it an ordinary request to a hot door?"""
        shell: Any = self.app
        door = shell.short_way(self.parser.get_method(), self.url) if isinstance(shell, Shell) else None
        if door is None or not self._is_ordinary():
            super().on_headers_complete()
            return
        self._judge_head()
        self._end_headers()
        self._door = door
        self._body = []

    def _is_ordinary(self) -> bool:
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.expect_100_continue
            and parser.get_http_version() == _HTTP_1_1
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and self.limit_concurrency is None
        )

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        if self._door is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        door = self._door
        if door is None:
            super().on_message_complete()
            return
        self._door = None
        self._end_message()
        method = self.parser.get_method().decode()
        scope = {"type": "http", "method": method, "path": self.url.decode(), "client": self.client}
        self.cycle = under_way = _UnderWay()  # type: ignore[assignment]  # as much of one as uvicorn asks for
        answering = self._answer(door, dict(self.scope["headers"]), scope, b"".join(self._body), under_way)
        task = self.loop.create_task(answering)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def send_400_response(self, msg: str) -> None:
        """Nothing can be made of what came."""
        if self._door is not None:  # nobody has heard of the request yet, as of one that ends in its head
            self._door = None
            self._in_head = True
        super().send_400_response(msg)

    def refusal(self, wrong: HttpError) -> bytes:
        """Like every answer, with an id that the log has too."""
        shell: Any = self.app
        return shell.refuse(wrong) if isinstance(shell, Shell) else super().refusal(wrong)

    async def _answer(
        self, door: tuple[HotDoor, str], headers: Headers, scope: Any, body: bytes, under_way: _UnderWay
    ) -> None:
        shell: Any = self.app
        try:
            told, keep = await shell.answer(door[0], headers, scope, body, door[1])
            if self.flow.write_paused and not under_way.disconnected:
                await self.flow.drain()
        except BaseException:  # the server was told to end: nobody may wait for an answer that will not come
            self.transport.close()
            raise
        if under_way.disconnected or self.transport.is_closing():
            return
        keep = keep and under_way.keep_alive
        self.transport.write(told if keep else closing(told))
        under_way.response_complete = True
        if not keep:
            self.transport.close()
        self.on_response_complete()
