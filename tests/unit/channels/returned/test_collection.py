"""The reader against 303 real mails. The floors are what it reached; they may only be raised."""

import pytest
from tests.unit.channels.returned.collection import Score, names, score, table

from posthouse.channels.email.returned import Verdict


@pytest.fixture(scope="module")
def whole() -> Score:
    total = score(names())
    print("\n" + table(total))  # noqa: T201 -- pytest -s shows the report by class
    return total


def test_finds_the_right_recipients(whole: Score) -> None:
    """In 98 of 100 returned mails exactly the people are named whom the mail is about."""
    assert whole.mails == 303
    assert whole.share(whole.recipients) >= 0.985


def test_tells_hard_bounces_and_complaints_from_the_rest(whole: Score) -> None:
    """In 95 of 100 returned mails it is right whether somebody must not be written to again."""
    assert whole.share(whole.verdicts) >= 0.970


def test_finds_the_finer_class(whole: Score) -> None:
    """The nine classes are right in nine of ten mails."""
    assert whole.share(whole.classes) >= 0.930


def test_hardly_ever_suppresses_a_living_mailbox(whole: Score) -> None:
    """Among the people who are not gone, three in a hundred at most are called hard."""
    not_gone = sum(count for (wanted, _), count in whole.pairs.items() if wanted != Verdict.HARD)
    wronged = sum(
        count for (wanted, got), count in whole.pairs.items() if wanted != Verdict.HARD and got == Verdict.HARD
    )
    assert wronged / not_gone <= 0.03


def test_every_complaint_is_seen(whole: Score) -> None:
    """Each complaint whose address the collection agrees about is one."""
    missed = {pair: count for pair, count in whole.pairs.items() if pair[0] == Verdict.COMPLAINT != pair[1]}
    assert missed in ({}, {("complaint", "(not found)"): 1})  # arf-12 names one more address than the collection does
