"""One message over one connection: a small machine fed with replies, one future, no task.

With PIPELINING (RFC 2920) and one recipient MAIL, RCPT and DATA leave in one write; when another message waits, even in
the write that carries the body of the one before it. With copies DATA waits for the answers to RCPT: if the person is
refused nothing may go to the copies, and a DATA already sent could not be taken back.
"""

import asyncio
import re
from typing import Final, Protocol

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.smtp import judge
from posthouse.channels.email.smtp.options import Target
from posthouse.channels.email.smtp.replies import Reply
from posthouse.channels.email.smtp.stages import Stage
from posthouse.core.delivery.outcomes import Copy, Deferred, Outcome, Refused, Unknown
from posthouse.core.delivery.ports import Flight

ONE_WRITE: Final = 65_536
"""Up to this size the final dot leaves in the same write as the content, beyond it only once the content is out."""

_PATH: Final = re.compile(r'[^\x00-\x20\x7f<>"\\]*|"(?:[^\x00-\x1f\x7f"\\]|\\[\x20-\x7e])*"@[^\x00-\x20\x7f<>"\\]+')
_LEASE_LOST: Final = "lease lost: another process took the message over before it left"


class Line(Protocol):
    """What a message needs of the connection that it travels on: what the server offers, a way to write, somebody to tell."""

    target: Target
    remote: str
    tls: str
    pipelining: bool
    eight_bit: bool
    smtputf8: bool
    size: int | None
    needs_reset: bool
    clogged: bool
    messages: int

    def write(self, data: bytes) -> None:
        """Sends commands."""
        ...

    def write_body(self, data: bytes) -> None:
        """Sends content."""
        ...

    def following_envelope(self) -> bytes:
        """What may leave in the same write as a body: the envelope of the message that comes next, or nothing."""
        ...

    def carries(self, transaction: "Transaction") -> bool:
        """Whether it is this message's turn."""
        ...

    def finished(self, transaction: "Transaction", outcome: Outcome) -> None:
        """The message has its outcome."""
        ...

    def replace(self, transaction: "Transaction") -> None:
        """The message needs another connection."""
        ...

    def give_up(self) -> None:
        """Nothing more is to be said."""
        ...

    def abandon(self) -> None:
        """Nobody waits for what it carries any more."""
        ...


class Transaction:
    """A message on its way. ``future`` gets the outcome; ``started`` tells whether a connection was there for it."""

    __slots__ = (
        "_asked",
        "_committed",
        "_connection",
        "_copies",
        "_data_asked",
        "_followed",
        "_heard",
        "_later",
        "_mail_open",
        "_verdict",
        "flight",
        "future",
        "outbound",
        "replaced",
        "started",
    )

    def __init__(self, outbound: Outbound, flight: Flight, future: "asyncio.Future[Outcome]") -> None:
        self.outbound = outbound
        self.flight = flight
        self.future = future
        self.started = False
        self.replaced = False
        self._reset_state()

    def _reset_state(self) -> None:
        self._asked: list[tuple[Stage, int]] = []
        self._later: list[tuple[Stage, int, bytes]] = []
        self._heard = False
        self._mail_open = False
        self._data_asked = False
        self._followed = False
        self._committed = False
        self._verdict: Outcome | None = None
        self._copies: list[Copy] = []

    # -- the way out ---------------------------------------------------------------------------------------------------

    def begin(self, connection: Line) -> None:
        """Sends the envelope, or finishes at once when it cannot go this way."""
        self._reset_state()
        self._connection = connection
        self.started = True
        if (refusal := self._impossible(connection)) is not None:
            connection.finished(self, refusal)
            return
        if not self.flight.may_begin():
            connection.finished(self, self._lease_lost())
            return
        commands = self._commands(connection)
        if connection.pipelining:
            self._write(commands)
        else:
            self._later = commands[1:]
            self._write(commands[:1])

    def may_follow(self, connection: Line) -> bool:
        """Whether its envelope may leave behind the body of another message, before that one is answered.

        A message with copies asks step by step, an urgent one takes the connection that is free first.
        """
        out = self.outbound
        return (
            len(out.recipients) == 1
            and not out.urgent
            and self._impossible(connection) is None
            and self.flight.may_begin()
        )

    def follow(self, connection: Line) -> bytes:
        """The envelope as bytes, asked from now on; the caller sends them. Only when it :meth:`may_follow`."""
        self._reset_state()
        self._connection = connection
        self.started = self._followed = True
        commands = self._commands(connection)
        self._asked += [(stage, number) for stage, number, _ in commands]
        return b"".join([line for _, _, line in commands])

    def _impossible(self, connection: Line) -> Refused | None:
        out, remote = self.outbound, connection.remote
        for path in (out.sender, *out.recipients):
            if _PATH.fullmatch(path) is None or not (out.smtputf8 or path.isascii()):
                return Refused(553, "5.1.3", f"{path!r} cannot stand in an SMTP envelope", remote)
        if out.smtputf8 and not connection.smtputf8:
            text = "the address needs SMTPUTF8 (RFC 6531), which this server does not offer"
            return Refused(550, "5.6.7", text, remote)
        if out.eight_bit and not connection.eight_bit:
            text = "the message needs 8BITMIME (RFC 6152), which this server does not offer"
            return Refused(554, "5.6.3", text, remote)
        if connection.size and out.size > connection.size:
            text = f"the message has {out.size} bytes; this server takes at most {connection.size}"
            return Refused(552, "5.3.4", text, remote)
        return None

    def _commands(self, connection: Line) -> list[tuple[Stage, int, bytes]]:
        out = self.outbound
        mail = f"MAIL FROM:<{out.sender}>"
        if connection.size is not None:
            mail += f" SIZE={out.size}"
        if connection.eight_bit and (out.eight_bit or out.smtputf8):
            mail += " BODY=8BITMIME"
        if out.smtputf8:
            mail += " SMTPUTF8"
        commands = [(Stage.MAIL, 0, f"{mail}\r\n".encode())]
        if connection.needs_reset:
            commands.insert(0, (Stage.RESET, 0, b"RSET\r\n"))
        commands += [(Stage.RECIPIENT, n, f"RCPT TO:<{path}>\r\n".encode()) for n, path in enumerate(out.recipients)]
        if len(out.recipients) == 1:
            self._data_asked = True
            commands.append((Stage.DATA, 0, b"DATA\r\n"))
        return commands

    def _write(self, commands: list[tuple[Stage, int, bytes]]) -> None:
        self._asked += [(stage, number) for stage, number, _ in commands]
        self._connection.write(b"".join([line for _, _, line in commands]))

    # -- the answers ---------------------------------------------------------------------------------------------------

    @property
    def stage(self) -> Stage:
        """What the server owes an answer to."""
        return self._asked[0][0] if self._asked else Stage.BODY

    def on_reply(self, reply: Reply, *, more: bool) -> None:
        """Takes the answer to the oldest open question. ``more``: further replies have already arrived behind it."""
        if not self._asked:
            self._answered_early(reply)
            return
        stage, number = self._asked.pop(0)
        if not self._fits(stage, reply.code):
            self._out_of_step(f"the server answered {reply.code} to {stage}")
            return
        if reply.code == 421 and stage is not Stage.END:
            self._closing(stage, reply)
            return
        self._heard = True
        if stage is Stage.RECIPIENT:
            self._on_recipient(number, reply)
        elif stage is Stage.DATA:
            self._on_data(reply, more=more)
        elif stage is Stage.END:
            self._on_end(reply)
        elif stage is Stage.MAIL:
            self._on_mail(reply)
        elif stage is Stage.RESET and reply.code >= 400:
            self._verdict = judge.judge(stage, reply, self._connection.remote)
            self._connection.give_up()
        if not self._asked and self._connection.carries(self):
            self._next()

    @staticmethod
    def _fits(stage: Stage, code: int) -> bool:
        if code >= 400:
            return True
        return code == 354 if stage is Stage.DATA else code < 300

    def _on_mail(self, reply: Reply) -> None:
        if reply.code < 400:
            self._mail_open = True
            self._connection.needs_reset = False
        else:
            self._verdict = self._verdict or judge.judge(Stage.MAIL, reply, self._connection.remote)
            self._later.clear()

    def _on_recipient(self, number: int, reply: Reply) -> None:
        if reply.code < 400 or self._verdict is not None:
            return
        if number == 0:
            self._verdict = judge.judge(Stage.RECIPIENT, reply, self._connection.remote)
            self._later.clear()
        else:
            self._copies.append(_copy(self.outbound.recipients[number], reply))

    def _on_data(self, reply: Reply, *, more: bool) -> None:
        if reply.code >= 400:
            self._verdict = self._verdict or judge.judge(Stage.DATA, reply, self._connection.remote)
        elif self._verdict is not None:
            self._asked.append((Stage.VOID, 0))
            self._mail_open = False
            self._connection.write(b".\r\n")
        elif not self.flight.may_begin():
            self._connection.give_up()
            self._connection.finished(self, self._lease_lost())
        elif not more:
            self._send_body()
        # else: the answer came before its question: the next reply is taken by _answered_early

    def _next(self) -> None:
        """All that was asked is answered: ask more, wait for the body to get out, or be done."""
        connection = self._connection
        if self._later:
            command, *self._later = self._later
            self._write([command])
        elif self._verdict is not None:
            connection.needs_reset = self._mail_open
            connection.finished(self, self._verdict)
        elif not self._data_asked:
            self._data_asked = True
            self._write([(Stage.DATA, 0, b"DATA\r\n")])

    # -- the body ------------------------------------------------------------------------------------------------------

    def _send_body(self) -> None:
        content = self.outbound.content
        if len(content) <= ONE_WRITE:
            self._commit()
            self._connection.write_body(b"".join((content, b".\r\n", self._connection.following_envelope())))
            return
        self._connection.write_body(content)
        if not self._connection.clogged:
            self.body_is_out()

    def body_is_out(self) -> None:
        """The content of a large message has left: the final dot may follow."""
        self._commit()
        self._connection.write_body(b".\r\n")

    def _commit(self) -> None:
        self._mail_open = False
        self._asked.append((Stage.END, 0))
        self._committed = True
        self.flight.committed()

    def _on_end(self, reply: Reply) -> None:
        connection = self._connection
        if reply.code < 400:
            outcome: Outcome = judge.accepted(
                reply, connection.remote, connection.tls, tuple(self._copies), delivered=connection.target.delivers
            )
        else:
            outcome = judge.judge(Stage.END, reply, connection.remote)
        if reply.code == 421:
            connection.give_up()
        connection.finished(self, outcome)

    def _answered_early(self, reply: Reply) -> None:
        """An answer while the body is on its way: without the final dot nothing can have been delivered."""
        if reply.code < 400:
            self.broken(f"the server answered {reply.code} before it had the message")
            return
        self._connection.give_up()
        self._connection.finished(self, judge.judge(Stage.BODY, reply, self._connection.remote))

    # -- endings -------------------------------------------------------------------------------------------------------

    def _closing(self, stage: Stage, reply: Reply) -> None:
        """421: the server hangs up."""
        connection = self._connection
        connection.give_up()
        if self._verdict is None and self._may_replace(connection):
            connection.replace(self)
            return
        connection.finished(self, self._verdict or judge.judge(stage, reply, connection.remote))

    def lost(self, how: str) -> None:
        """The connection is gone."""
        connection = self._connection
        if self._committed:
            connection.finished(self, Unknown(f"{how} after the final dot, before the answer", connection.remote))
        elif self._verdict is not None:
            connection.finished(self, self._verdict)
        elif self._may_replace(connection):
            connection.replace(self)
        else:
            text = f"{how} while waiting for the answer to {self.stage}"
            connection.finished(self, judge.trouble("4.4.2", text, connection.remote))

    def timed_out(self) -> None:
        """The server kept us waiting too long. Never tried again at once: a server that hangs would hang again."""
        self.replaced = True
        self._connection.give_up()
        self.lost("the server kept silent too long")

    def broken(self, what: str) -> None:
        """The server does not keep to the protocol: nothing on this connection can be believed any more."""
        self.replaced = True
        self._connection.give_up()
        if self._committed:
            self._connection.finished(self, Unknown(what, self._connection.remote))
        else:
            outcome = self._verdict or judge.trouble("4.5.0", what, self._connection.remote)
            self._connection.finished(self, outcome)

    def _out_of_step(self, what: str) -> None:
        """An answer that cannot be one to our question.

        If we followed another message, an answer too many to that one has shifted all of ours: they say nothing about us,
        and no body has left.
        """
        connection = self._connection
        if self._followed and not self._committed and not self.replaced:
            connection.give_up()
            connection.replace(self)
        else:
            self.broken(what)

    def abandon(self) -> None:
        """Nobody waits for the outcome any more: before the final dot the message is stopped, after it nothing can be."""
        if self.started and not self._committed and self._connection.carries(self):
            self._connection.abandon()
        # one that follows another is stopped by the connection when its turn comes

    def _may_replace(self, connection: Line) -> bool:
        """An idle connection that turns out dead before it answered anything is replaced, once and silently."""
        return connection.messages > 0 and not self._heard and not self.replaced

    def _lease_lost(self) -> Deferred:
        return Deferred(0, "4.4.5", _LEASE_LOST, self._connection.remote)


def _copy(recipient: str, reply: Reply) -> Copy:
    """A further recipient that was refused."""
    verdict = judge.verdict_of(Stage.RECIPIENT, reply)
    return Copy(recipient, reply.code, reply.enhanced, reply.text, verdict)
