"""The figures in words."""

from posthouse.cli.bench.measure import QUIET_RATE, Found
from posthouse.cli.frame import Output


def tell(out: Output, found: Found) -> None:
    """Prints the figures, the limit beside them, and what each process took of the memory."""
    out.say(
        f"Posthouse {found.posthouse}, {found.store} in {found.where}, {found.cores} cores: "
        f"{found.messages:,} signed mails of {found.message_bytes / 1000:.1f} kB, {found.clients} clients",
        style="bold",
    )
    rows = [
        ("accepted", f"{found.accepted_per_second:,.0f}/s", _times(found.answer_p50, found.answer_p99), "answers"),
        ("end to end", f"{found.sent_per_second:,.0f}/s", "", "first request to last mail at the receiver"),
        (
            "one by one",
            f"{QUIET_RATE:.0f}/s",
            _times(found.quiet_p50, found.quiet_p99),
            "request to mail at the receiver",
        ),
        ("the limit", f"{found.rsa_per_second:,.0f}/s", "", "RSA-2048 signatures alone, on every core"),
    ]
    out.table(("", "rate", "p50 / p99", "what"), rows, empty="")
    out.say(f"End to end is {found.share_of_limit:.2f} of the limit, with the load and the receiver on the same cores.")
    if found.memory:
        rows = [(name, f"{used.now:.0f} MiB", f"{used.peak:.0f} MiB", "") for name, used in found.memory.items()]
        out.say("")
        out.table(("process", "memory", "at most", ""), rows, empty="")


def _times(half: float, nearly_all: float) -> str:
    return f"{half:.1f} / {nearly_all:.1f} ms"
