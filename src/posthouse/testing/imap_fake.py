"""A small IMAP server for tests: one user, folders in memory, a log of what was asked; it can be told to fail."""

import asyncio
import re
from typing import Final

_LITERAL: Final = b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n"


class FakeImap:
    """Speaks as much of RFC 3501 as a reader of a mailbox needs.

    Args:
        mails: what is in INBOX.
        capabilities: besides IMAP4rev1.
    """

    def __init__(self, mails: list[bytes], *, capabilities: str = "MOVE UIDPLUS") -> None:
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": dict(enumerate(mails, 1))}
        self.flags: dict[int, set[str]] = {}
        self.capabilities = capabilities
        self.asked: list[str] = []
        self.dies_before = ""
        """A command at which the connection breaks, once."""
        self._next = len(mails) + 1
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listens on loopback; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Hangs up."""
        if self._server is not None:
            self._server.close()

    def put(self, mail: bytes) -> None:
        """One more mail arrives."""
        self.folders["INBOX"][self._next] = mail
        self._next += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK IMAP4rev1 ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            name = " ".join(rest.split()[: 2 if rest.upper().startswith("UID") else 1]).upper()
            self.asked.append(name)
            if name == self.dies_before:
                self.dies_before = ""
                break
            said = self._answer(name, rest)
            writer.write(b"".join(said[1]) + f"{tag} {said[0]}\r\n".encode())
            await writer.drain()
            if name == "LOGOUT":
                break
        writer.close()

    def _answer(self, name: str, rest: str) -> tuple[str, list[bytes]]:
        words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', rest)
        match name:
            case "CAPABILITY":
                return "OK done", [f"* CAPABILITY IMAP4rev1 {self.capabilities}\r\n".encode()]
            case "LOGIN":
                return ("OK in", []) if words[-1].strip('"') == "secret" else ("NO wrong password", [])
            case "SELECT":
                return ("OK selected", []) if words[1].strip('"') in self.folders else ("NO no such folder", [])
            case "CREATE":
                known = words[1].strip('"') in self.folders
                self.folders.setdefault(words[1].strip('"'), {})
                return ("NO there already" if known else "OK made"), []
            case "LOGOUT":
                return "OK bye", [b"* BYE\r\n"]
            case _:
                return self._by_uid(name, words)

    def _by_uid(self, name: str, words: list[str]) -> tuple[str, list[bytes]]:
        inbox = self.folders["INBOX"]
        if name == "UID SEARCH":
            found = [str(uid) for uid in inbox if not self.flags.get(uid)]
            return "OK done", [f"* SEARCH {' '.join(found)}\r\n".encode()]
        uid = int(words[2])
        if uid not in inbox:
            return "OK nothing", []
        if name == "UID FETCH":
            most = int(words[3].rpartition(".")[2].rstrip(">)"))
            part = inbox[uid][:most]
            return "OK done", [_LITERAL % (uid, uid, len(part)), part, b")\r\n"]
        if name in {"UID MOVE", "UID COPY"}:
            self.folders[words[3].strip('"')][uid] = inbox[uid]
            if name == "UID MOVE":
                del inbox[uid]
        elif name == "UID STORE":
            self.flags.setdefault(uid, set()).add(words[4].strip("()\\"))
        elif name == "UID EXPUNGE" and "Deleted" in self.flags.get(uid, set()):
            del inbox[uid]
        return "OK done", []
