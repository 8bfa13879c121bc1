"""The story of the demo: furnish, open, let the shop's day happen, look at what came, keep the doors open."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from posthouse.cli.demo import judge
from posthouse.cli.demo.house import DOMAIN, House, free_port
from posthouse.cli.demo.shop import DAY, Signal, examples, happen
from posthouse.cli.frame import Desk, Output
from posthouse.cli.mailbox import until_told_to_stop
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import PosthouseError
from posthouse.testing.mailbox import Mail, Mailbox

_PATIENCE: Final = 30.0
"""Seconds until every mail must have come."""
_SMTP_PORT: Final = 2525
_TECHNICAL: Final = {"provider_id", "attempt"}
"""Facts of an event that the demo's timeline leaves out."""


async def tell(desk: Desk, port: int) -> None:
    """Runs the demo; PosthouseError when something was not as it should be."""
    out, started = desk.out, time.monotonic()
    if out.json:
        out.console = out.aside  # the story goes to standard error, the closing document to standard output
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    unattended = desk.environ.get("CI", "").lower() in {"1", "true", "yes"}
    folder = examples()
    async with (
        _place(desk.data) as data,
        Mailbox(smtp_port=free_port(_SMTP_PORT), http_port=free_port(port and port + 1)) as mailbox,
    ):
        house = House(data, free_port(port), out.note)
        try:
            out.say("Furnishing a Posthouse with the commands that you would type:", style="bold")
            await house.furnish(mailbox.smtp_port or 0, folder / "templates")
            await house.open()
            signals = await _live_through_the_day(house, folder, out)
            mails = await _wait_for(signals, mailbox)
            verdicts = {one.id: _verdict(one, mails.get(one.id), house.records) for one in signals}
            await _show(house, signals, mails, verdicts, out)
            if not unattended:
                _invite(house, mailbox, out)
                await _keep_open(house)
        finally:
            code = await house.close()
        surplus = len(await mailbox.inbox.ids()) - len(mails) if unattended else 0
        _close(out, verdicts, surplus, code, time.monotonic() - started)


async def _live_through_the_day(house: House, folder: Path, out: Output) -> list[Signal]:
    """The shop's scripts give their signals; what they decide not to send is told too."""
    out.say("")
    out.say("A day in the shop: published webhook payloads through the scripts in examples/shops:", style="bold")
    signals = []
    for what in DAY:
        signal = await happen(what, folder, house.url, house.key)
        if signal is None:
            out.say(f"  {what.words}: nothing to send, says {what.script}")
            continue
        twice = " (posted twice, kept once)" if what.again else ""
        out.say(f"  {what.words}: {signal.request['template']} to {signal.address}{twice}")
        signals.append(signal)
    return signals


async def _wait_for(signals: Sequence[Signal], mailbox: Mailbox) -> dict[str, Mail]:
    """The mail of each signal, by the message's identifier; those that did not come in time are missing."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while True:
        arrived = await mailbox.mails()
        found = {one.id: mail for one in signals if (mail := judge.letter_of(one, arrived)) is not None}
        left = deadline - loop.time()
        if len(found) == len(signals) or left <= 0:
            return found
        await mailbox.inbox.changed(min(left, 1.0))


def _verdict(signal: Signal, mail: Mail | None, records: Sequence[Mapping[str, Any]]) -> list[str]:
    if mail is None:
        return [f"no mail came within {_PATIENCE:g} s"]
    return judge.faults(signal, mail, DOMAIN, records)


async def _show(
    house: House, signals: Sequence[Signal], mails: Mapping[str, Mail], verdicts: Mapping[str, list[str]], out: Output
) -> None:
    out.say("")
    out.say("What came:", style="bold")
    for one in signals:
        mail = mails.get(one.id)
        subject = judge.subject_of(mail) if mail is not None else one.words
        out.say(f"  {'✓' if not verdicts[one.id] else '✗'} {subject}", style="" if not verdicts[one.id] else "bold red")
        for fault in verdicts[one.id]:
            out.say(f"      {fault}", style="red")
    first = signals[0]
    out.say("")
    out.say(f"The timeline of {first.id}:", style="bold")
    for event in await house.timeline(first.id):
        facts = ", ".join(f"{name} {value}" for name, value in event["data"].items() if name not in _TECHNICAL)
        out.say(f"  {event['at']}  {event['type'].removeprefix('message.'):<10} {facts}")


def _invite(house: House, mailbox: Mailbox, out: Output) -> None:
    body = '{"template": "one-time-code", "to": {"email": "you@example.com"}, "variables": %s}'
    out.say("")
    out.say("Open in the browser:", style="bold")
    out.say(f"  the mailbox   {mailbox.url}")
    out.say(f"  the API       {house.url}/docs")
    out.say("")
    out.say("Send one yourself:", style="bold")
    out.say(f"  curl {house.url}/v1/messages -H 'Authorization: Bearer {house.key}' \\")
    out.say(f"    -H 'Content-Type: application/json' -d '{body % _sample('one-time-code')}'")
    out.say("")
    out.note(f"The data is in {house.data}. Ctrl-C ends the demo.")


async def _keep_open(house: House) -> None:
    """Until Ctrl-C, or until the house ends by itself."""
    told, ended = (asyncio.ensure_future(one) for one in (until_told_to_stop(), house.ended()))
    try:
        await asyncio.wait([told, ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        ended.cancel()


def _close(out: Output, verdicts: Mapping[str, list[str]], surplus: int, code: int | None, seconds: float) -> None:
    """The closing words; PosthouseError when something was not as it should be."""
    wrong = sum(bool(faults) for faults in verdicts.values())
    if surplus > 0:
        raise PosthouseError(f"{counted(surplus, 'mail')} more came than were asked for")
    if wrong:
        raise PosthouseError(f"not as they should be: {wrong} of {counted(len(verdicts), 'mail')}; see above")
    if code != 0:
        raise PosthouseError(f"posthouse serve ended with {code} instead of 0 after SIGTERM")
    signed = "DKIM verified by dkimpy" if judge.can_verify() else "DKIM-signed (install dkimpy to have it verified)"
    document = {"messages": len(verdicts), "seconds": round(seconds, 1), "dkim_verified": judge.can_verify()}
    words = f"Demo: {counted(len(verdicts), 'message')} asked for, {counted(len(verdicts), 'right mail')}, {signed}, {seconds:.1f} s."
    out.result(document, lambda: out.say(words, style="bold green"))


# ---- small things ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _place(data: Path | None) -> AsyncIterator[Path]:
    """The folder that was named, to be kept; or one that goes with the demo."""
    if data is not None:
        yield data
        return
    made = Path(tempfile.mkdtemp(prefix="posthouse-demo-"))
    try:
        yield made / "data"
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sample(template: str) -> str:
    """The sample variables of a template, on one line, ready for a shell's single quotes."""
    words = json.loads((examples() / "templates" / template / "sample.json").read_text("utf-8"))
    return json.dumps(words, ensure_ascii=False).replace("'", "\\u0027")
