"""The 303 real mails and how they are counted."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from posthouse.channels.email.returned import Recipient, read_returned

FOLDER = Path(__file__).parents[3] / "data" / "bounces"
HIDDEN = "undisclosed-recipient-in-headers@libsisimai.org.invalid"
"""What the collection writes where a complaint hides the address; ours is empty there."""


class Expected(msgspec.Struct):
    """A verdict of the collection."""

    recipient: str
    reason: str
    action: str
    status: str
    verdict: str = msgspec.field(name="class")

    @property
    def address(self) -> str:
        return "" if self.recipient == HIDDEN else self.recipient.lower()


class Score(msgspec.Struct):
    """How a mail, or many, came out. A mail counts only when all of its recipients are right, and no other is named."""

    mails: int = 0
    recipients: int = 0
    verdicts: int = 0
    """Hard, complaint or something else."""
    classes: int = 0
    pairs: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(expected class, ours) for each person."""

    def share(self, count: int) -> float:
        return count / self.mails if self.mails else 0.0


def collection() -> dict[str, list[Expected]]:
    return msgspec.json.decode((FOLDER / "expected.json").read_bytes(), type=dict[str, list[Expected]])


def raw(name: str) -> bytes:
    return (FOLDER / "mails" / name).read_bytes()


def score(names: Iterable[str]) -> Score:
    expected = collection()
    total = Score()
    for name in names:
        _count(total, expected[name], read_returned(raw(name)).recipients)
    return total


def _count(total: Score, expected: list[Expected], read: tuple[Recipient, ...]) -> None:
    wanted = {item.address: item.verdict for item in expected}
    got = {item.address.lower(): str(item.verdict) for item in read}
    for address, verdict in wanted.items():
        total.pairs[verdict, got.get(address, "(not found)")] += 1
    total.mails += 1
    total.recipients += wanted.keys() == got.keys()
    if len(wanted) == len(got) == 1:
        # The verdict counts on its own, even where the address is spelt otherwise.
        wanted, got = {"": next(iter(wanted.values()))}, {"": next(iter(got.values()))}
    total.verdicts += wanted.keys() == got.keys() and all(coarse(wanted[key]) == coarse(got[key]) for key in wanted)
    total.classes += wanted == got


def coarse(verdict: str) -> str:
    return verdict if verdict in {"hard", "complaint"} else "other"


def table(total: Score) -> str:
    """The report by class."""
    head = f"{total.mails} mails: right recipients {total.share(total.recipients):.1%}, "
    head += f"hard/complaint/other {total.share(total.verdicts):.1%}, finer class {total.share(total.classes):.1%}"
    lines = [head]
    for verdict in sorted({wanted for wanted, _ in total.pairs}):
        row = {got: count for (wanted, got), count in total.pairs.items() if wanted == verdict}
        people = sum(row.values())
        others = ", ".join(f"{count} {got}" for got, count in sorted(row.items()) if got != verdict)
        lines.append(
            f"{verdict:10} {row.get(verdict, 0):3} of {people:3}" + (f"   instead: {others}" if others else "")
        )
    return "\n".join(lines)


def names() -> list[str]:
    return sorted(collection())
