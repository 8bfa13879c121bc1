"""Where in the conversation we are."""

import enum


class Stage(enum.StrEnum):
    """What the server was asked, or what it should say by itself."""

    CONNECT = "connect"
    GREETING = "greeting"
    HELLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    RESET = "RSET"
    MAIL = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    END = "the final dot"
    VOID = "an empty message"
    """The lone dot after a DATA that was taken without any recipient (RFC 2920 §3.1)."""
    QUIT = "QUIT"


OPENING = frozenset({Stage.CONNECT, Stage.GREETING, Stage.HELLO, Stage.STARTTLS, Stage.AUTH})
"""Nothing was said about a message yet."""
