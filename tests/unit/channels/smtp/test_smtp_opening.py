"""Opening a connection: TLS in each mode, and logging in."""

from pathlib import Path

import pytest
import uvloop
from tests.unit.channels.smtp.smtp_kit import CONTENT, Log, outbound, pool, target

from posthouse.channels.email.smtp.options import Credentials, Security
from posthouse.core.delivery.outcomes import Accepted, Deferred, Refused, Scope
from posthouse.testing.smtp_hostile import Fault, HostileServer
from posthouse.testing.smtp_tls import Certificate, make_certificate

GOOD = make_certificate()
OTHER_NAME = make_certificate(["other.example"])
OUT_OF_DATE = make_certificate(days=-1)


def ca_of(certificate: Certificate, folder: Path) -> str:
    certificate.write(folder)
    return str(folder / "ca.pem")


@pytest.mark.parametrize("security", [Security.VERIFY, Security.STARTTLS, Security.OPPORTUNISTIC, Security.IMPLICIT])
async def test_each_way_of_tls_encrypts(security: Security, tmp_path: Path) -> None:
    """With a good certificate every mode sends over TLS and says so in the outcome."""
    implicit = security is Security.IMPLICIT
    async with (
        HostileServer(tls=GOOD.context(), implicit=implicit) as server,
        pool(target(server.port, security=security), ca_of(GOOD, tmp_path)) as way,
    ):
        first, second = await way.send(outbound(), Log()), await way.send(outbound(), Log())
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.tls.startswith("TLSv1.3 ")
    assert [message.tls for message in server.messages] == [True, True]
    assert server.connections == 1


@pytest.mark.parametrize("certificate", [OTHER_NAME, OUT_OF_DATE], ids=["another name", "out of date"])
@pytest.mark.parametrize("security", [Security.VERIFY, Security.IMPLICIT])
async def test_a_bad_certificate_stops_a_checking_mode(
    security: Security, certificate: Certificate, tmp_path: Path
) -> None:
    """Neither message nor password goes to somebody who cannot prove his name."""
    users = {"ann": "secret"}
    async with HostileServer(tls=certificate.context(), implicit=security is Security.IMPLICIT, users=users) as server:
        where = target(server.port, security=security, credentials=Credentials("ann", "secret"))
        async with pool(where, ca_of(certificate, tmp_path)) as way:
            outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Deferred)
    assert outcome.scope is Scope.PROVIDER
    assert "certificate" in outcome.text
    assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)


async def test_an_unknown_authority_is_a_bad_certificate() -> None:
    """A self-made certificate that nobody vouches for does not pass."""
    async with HostileServer(tls=GOOD.context()) as server, pool(target(server.port, security=Security.VERIFY)) as way:
        outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Deferred)
    assert "certificate" in outcome.text


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.OPPORTUNISTIC])
async def test_modes_that_do_not_check_take_any_certificate(security: Security) -> None:
    """Against listeners only, as the mode says."""
    async with HostileServer(tls=OUT_OF_DATE.context()) as server, pool(target(server.port, security=security)) as way:
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert server.messages[0].tls


@pytest.mark.parametrize(
    ("security", "sent"), [(Security.VERIFY, 0), (Security.STARTTLS, 0), (Security.OPPORTUNISTIC, 1)]
)
async def test_starttls_stripped_on_the_way(security: Security, sent: int) -> None:
    """Whoever takes STARTTLS out of the offer gets nothing in clear, unless TLS was only a wish."""
    async with (
        HostileServer(tls=GOOD.context(), hide_starttls=True) as server,
        pool(target(server.port, security=security)) as way,
    ):
        outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Accepted if sent else Deferred)
    assert len(server.messages) == sent


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.OPPORTUNISTIC])
async def test_plain_text_behind_starttls_is_refused(security: Security) -> None:
    """An answer slipped in before the handshake would be believed as if it had come over TLS (CVE-2011-0411)."""
    injected = Fault(extra=b"250-evil\r\n250 AUTH PLAIN\r\n")
    async with (
        HostileServer({"STARTTLS": injected}, tls=GOOD.context()) as server,
        pool(target(server.port, security=security)) as way,
    ):
        outcome = await way.send(outbound(), Log())
    if security is Security.STARTTLS:
        assert isinstance(outcome, Deferred)
        assert "slipped in" in outcome.text
        assert server.messages == []
    assert not any(message.tls for message in server.messages)


async def test_opportunistic_falls_back_to_plain_text_when_the_handshake_fails() -> None:
    """A server with broken TLS still gets its mail, where TLS was only a wish."""
    broken = Fault(say=b"220 go ahead\r\n", extra=b"not tls at all, sorry\r\n" * 20)
    async with (
        HostileServer({"STARTTLS": broken}, tls=GOOD.context()) as server,
        pool(target(server.port, security=Security.OPPORTUNISTIC)) as way,
    ):
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert server.connections == 2
    assert not server.messages[0].tls


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
@pytest.mark.parametrize("right", [True, False])
async def test_each_mechanism_logs_in(mechanism: str, right: bool) -> None:
    """The right secret opens, a wrong one is this way out's failure, in the server's words."""
    token = mechanism == "XOAUTH2"
    secret = "geheim" if right else "falsch"
    credentials = Credentials("ann", token=secret) if token else Credentials("ann", secret)
    async with (
        HostileServer(users={"ann": "geheim"}, mechanisms=mechanism) as server,
        pool(target(server.port, credentials=credentials)) as way,
    ):
        outcome = await way.send(outbound(), Log())
    if right:
        assert isinstance(outcome, Accepted)
    else:
        assert outcome == Refused(535, "5.7.8", "wrong credentials", outcome.remote, Scope.PROVIDER, outcome.verdict)
        assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize(("mechanisms", "logs_in"), [("PLAIN LOGIN", False), ("PLAIN CRAM-MD5", True)])
async def test_a_password_never_crosses_in_clear_text(mechanisms: str, logs_in: bool) -> None:
    """Without TLS, to another machine, only CRAM-MD5 may prove who we are."""
    async with HostileServer(users={"ann": "geheim"}, mechanisms=mechanisms) as server:
        where = target(server.port, credentials=Credentials("ann", "geheim"), trusted_path=False)
        async with pool(where) as way:
            outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Accepted if logs_in else Refused)
    if not logs_in:
        assert "clear text" in outcome.text
        assert not any(command.startswith("AUTH") for command in server.commands)


async def test_an_old_server_gets_helo() -> None:
    """EHLO unknown: HELO, and nothing but plain RFC 821 afterwards."""
    async with HostileServer({"EHLO": Fault(say=b"502 what?\r\n")}) as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert "MAIL FROM:<bounce@shop.example>" in server.commands
    assert "HELO client.example" in server.commands


async def test_size_8bitmime_and_smtputf8_are_said_when_offered() -> None:
    """The server learns what comes before it comes."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        out = outbound("jörg@home.example", eight_bit=True, smtputf8=True)
        assert isinstance(await way.send(out, Log()), Accepted)
    mail = next(command for command in server.commands if command.startswith("MAIL"))
    assert mail == f"MAIL FROM:<bounce@shop.example> SIZE={out.size} BODY=8BITMIME SMTPUTF8"
    assert server.messages[0].recipients == ["jörg@home.example"]


@pytest.mark.parametrize(
    ("extensions", "more", "enhanced"),
    [
        (("8BITMIME",), {"smtputf8": True}, "5.6.7"),
        (("SMTPUTF8",), {"eight_bit": True}, "5.6.3"),
        (("SIZE 20",), {}, "5.3.4"),
    ],
)
async def test_what_the_server_cannot_take_is_refused_before_it_is_sent(
    extensions: tuple[str, ...], more: dict[str, bool], enhanced: str
) -> None:
    """The reason names the extension; the connection stays good for others."""
    log = Log()
    async with HostileServer(extensions=extensions) as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound(**more), log)
    assert isinstance(outcome, Refused)
    assert outcome.enhanced == enhanced
    assert log.said == []
    assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize("address", ["a>\r\nRCPT TO:<b@c", "a\nb@c", "a b@c", "<a@b>", "a@b\x00"])
async def test_no_command_can_be_slipped_in_through_an_address(address: str) -> None:
    """An address that would end its line or its brackets is refused by us."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound(address), Log()), Refused)
    assert not any("RCPT" in command for command in server.commands)


async def test_a_quoted_local_part_passes() -> None:
    """RFC 5321 §4.1.2 allows blanks and brackets between quotes."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound('"a b>"@home.example'), Log()), Accepted)
    assert server.messages[0].recipients == ['"a b>"@home.example']


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.IMPLICIT])
def test_tls_works_on_uvloop_too(security: Security, tmp_path: Path) -> None:
    """Dispatchers run on uvloop, whose TLS is its own."""
    ca_file = ca_of(GOOD, tmp_path)
    content = b"".join(b"%07d" % n + b"x" * 60 + b"\r\n" for n in range(20_000))

    async def send() -> list[bytes]:
        implicit = security is Security.IMPLICIT
        async with HostileServer(tls=GOOD.context(), implicit=implicit) as server:
            async with pool(target(server.port, security=security), ca_file) as way:
                for each in (CONTENT, content):
                    assert isinstance(await way.send(outbound(content=each), Log()), Accepted)
            return [message.content for message in server.messages]

    assert uvloop.run(send()) == [CONTENT, content]
