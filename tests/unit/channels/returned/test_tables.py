"""The tables: phrases and codes."""

import pytest

from posthouse.channels.email.returned.codes import judge_code
from posthouse.channels.email.returned.phrases import RULES, judge_words
from posthouse.channels.email.returned.words import code_in, enhanced_in, find_addresses, plain
from posthouse.core.returned.model import Verdict

PHRASES = {
    Verdict.HARD: """Bad destination mailbox address
Destination mailbox has moved, No forwarding address
Recipient address has null MX
Mailbox disabled, not accepting messages
System not accepting network messages
User unknown in virtual mailbox table
User unknown in relay recipient table
undeliverable address: host mx.example said: 550 no such user
The email account that you tried to reach is disabled
Requested action not taken: mailbox unavailable
This user doesn't have a example.com account
Sorry, I couldn't find any host named x. (#5.1.2)
Unrouteable address
RESOLVER.ADR.RecipNotFound; not found
5.4.1 Recipient address rejected: Access denied
Host unknown
Mailbox owner has changed""",
    Verdict.FULL: """Mailbox full
Requested mail action aborted: exceeded storage allocation
The email account that you tried to reach is over quota
The recipient's inbox is out of storage space
Disk quota exceeded""",
    Verdict.SOFT: """Mail system full
Routing loop detected
Delivery time expired
Host not found, try again
connect to mx.example[192.0.2.1]:25: Connection refused
Greylisted, please try again later
The user you are trying to contact is receiving mail too quickly
too many hops, this message is looping (#5.4.6)
this message has been in the queue too long
unverified address: Address verification in progress""",
    Verdict.BLOCK: """Client host [192.0.2.1] blocked using zen.spamhaus.org
likely suspicious due to the very low reputation of the sending IP
part of their network is on our block list (S3150)
Access denied, banned sending IP [192.0.2.1]""",
    Verdict.POLICY: """Relay access denied
SPF validation failed
550 5.7.26 Unauthenticated email from shop.example is not accepted due to domain's DMARC policy
The IP address sending this message does not have a PTR record setup
Domain of sender address x does not exist
Sender address has null MX
Message not accepted for policy reasons
sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)""",
    Verdict.CONTENT: """Message size exceeds fixed maximum message size
Message content rejected, UBE
This message is likely unsolicited mail
Virus detected
improper use of 8-bit data in message header""",
}


@pytest.mark.parametrize(
    ("verdict", "words"), [(verdict, line) for verdict, lines in PHRASES.items() for line in lines.split("\n")]
)
def test_phrases(verdict: Verdict, words: str) -> None:
    """What servers commonly write, and the texts of RFC 3463, have the meaning that an operator would give them."""
    rule = judge_words(plain(words))
    assert rule is not None
    assert rule.verdict is verdict, rule.why


def test_rows_explain_themselves() -> None:
    """Each row says why, and is named once."""
    assert len({rule.why for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("5.1.1", Verdict.HARD),
        ("4.1.1", Verdict.SOFT),
        ("5.2.2", Verdict.FULL),
        ("4.4.7", Verdict.SOFT),
        ("5.3.4", Verdict.CONTENT),
        ("5.7.26", Verdict.POLICY),
        ("4.7.650", Verdict.BLOCK),
        ("5.6.0", Verdict.CONTENT),
        ("5.0.0", None),
        ("5.1.0", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_codes(code: str, verdict: Verdict | None) -> None:
    """Enhanced codes; a temporary one is never hard, a general one says nothing."""
    assert judge_code(code) is verdict


def test_addresses_and_links_are_no_words() -> None:
    """Somebody called Mailbox Full, or a link to #user-unknown, is not a verdict."""
    assert judge_words(plain("<mailbox.full@example.net>: see https://example.net/#user-unknown")) is None


def test_codes_in_text() -> None:
    """Network addresses and sizes are no codes; the specific code is preferred."""
    assert enhanced_in("192.0.2.5.1.1 [5.1.1.7] 5.0.0 then (#5.2.2)") == "5.2.2"
    assert code_in("mx550 at 192.0.2.1, 512 bytes: 552 5.2.2 full") == 552
    assert code_in("nothing") == 0


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("to <ann@example.net>, 'bob@example.net'; c@d", ["ann@example.net", "bob@example.net"]),
        ('"ann b"@example.net.', ['"ann b"@example.net']),
        ("@@ a@ @b.c a@b..c", ["a@b..c"]),
        ("", []),
    ],
)
def test_finds_addresses(text: str, addresses: list[str]) -> None:
    """Addresses come without brackets and quotes."""
    assert [found.address for found in find_addresses(text)] == addresses
