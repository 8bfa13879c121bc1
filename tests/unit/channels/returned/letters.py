"""Returned mails made for a test."""

RETURNED = """Received: from a.example by b.example
Message-ID: <order-1@shop.example>
From: sender@shop.example
To: ann@example.net
Subject: Your order

Thank you"""


def letter(
    body: str, *, sender: str = "MAILER-DAEMON@mx.example", subject: str = "failure notice", fields: str = ""
) -> bytes:
    """A plain mail to sender@shop.example; ``fields`` are whole lines."""
    head = f"From: {sender}\nTo: sender@shop.example\nSubject: {subject}\n{fields}"
    return f"{head}\n{body}".encode()


def report(
    status: str, *, human: str = "Sorry.", kind: str = "delivery-status", to: str = "sender@shop.example"
) -> bytes:
    """A multipart/report with the fields of ``status``."""
    return (
        f"From: MAILER-DAEMON@mx.example\nTo: {to}\nSubject: Report\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{human}\n"
        f"--b\nContent-Type: message/{kind}\n\n{status}\n"
        f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\n--b--\n"
    ).encode()
