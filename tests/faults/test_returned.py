"""kill -9 of the process that takes returned mail in: what was answered with 250 is filed, and filed once."""

import asyncio
import contextlib
import os
import signal

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import LONG, open_store
from tests.unit.returned.scene import bounce

from posthouse.testing.fault_house import DOMAIN, FaultHouse, free_port

MAILS = 400 if LONG else 60
KILLS = 10 if LONG else 3
SENDERS = 6


class Postman:
    """Brings mails, and again what was not answered with 250: as every mail server does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answered: list[str] = []
        self.again = 0

    async def bring(self, person: str) -> None:
        raw = bounce(f"feedback@{DOMAIN}", about=person)
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(20):
                    if await self._try(raw):
                        self.answered.append(person)
                        return
            self.again += 1
            await asyncio.sleep(0.1)

    async def _try(self, raw: bytes) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await reader.readline()
            for line in (b"EHLO x", b"MAIL FROM:<>", f"RCPT TO:<feedback@{DOMAIN}>".encode(), b"DATA"):
                writer.write(line + b"\r\n")
                while (said := await reader.readline())[3:4] == b"-":
                    pass
                if said[:1] not in b"23" or not said:
                    return False
            writer.write(raw + b".\r\n")
            return (await reader.readline()).startswith(b"250")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.timeout(600)
async def test_a_mail_that_was_answered_is_filed_once(kind: str, make_house: MakeHouse) -> None:
    """Killed in the middle of it: nothing that was answered is lost, and what was brought again is one and the same."""
    port = free_port()
    house = make_house(kind, RETURNED_PORT=str(port), RETURNED_RATE_LIMIT="100000")
    house.furnish(free_port())
    house.start("serve", "--role", "returned")
    postman = Postman(port)
    waiting = asyncio.Queue[str]()
    people = [f"p{number}@customer.example" for number in range(MAILS)]
    for person in people:
        waiting.put_nowait(person)

    async def carry() -> None:
        while not waiting.empty():
            await postman.bring(waiting.get_nowait())

    carrying = [asyncio.ensure_future(carry()) for _ in range(SENDERS)]
    for turn in range(1, KILLS + 1):
        while len(postman.answered) < turn * MAILS // (KILLS + 2):
            await asyncio.sleep(0.01)
        await _kill(house)
    await asyncio.gather(*carrying)
    store = await open_store(house)
    filed = [person for mail in await store.unmatched(1_000) for person in mail.people]
    await store.close()
    assert sorted(filed) == sorted(people)
    assert sorted(postman.answered) == sorted(people)


async def _kill(house: FaultHouse) -> None:
    """Waits for the process to be there; it is started again by the supervisor."""
    while not (pid := house.children().get("returned-0")):
        await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
