"""The process that makes PDFs: pages come in, PDFs go out, and nothing else goes anywhere.

Run by its path, with the standard library and weasyprint only. A request is four octets of length and the HTML; an answer one
octet (0: done, 1: refused), four of length, and the PDF or the reason. It ends when its input ends.
"""

import ctypes
import hashlib
import os
import resource
import struct
import sys
import sysconfig
from typing import Any, NoReturn

MEMORY = 1_536 * 1024 * 1024
"""Octets of address space."""
MISSING = 3
"""Exit code when the library, or Pango below it, is not installed."""
LARGEST = 20_000_000
"""Octets of a PDF."""
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
"""unshare(2)."""
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
"""prctl(2)."""
SIGKILL = 9
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
"""Numbers of system calls, the same on all processors; landlock(7)."""
READING = 0b1100
"""Of the rights to files, reading them and listing folders."""
RIGHTS_TO_FILES = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many there are, by the version of Landlock; from the fifth on 16."""
SECONDS = 30
"""Of processor time for one page. Whoever asked gives up before; this is for when nobody is there any more to do so."""
FILES = 64
"""Open at the same time: fonts."""
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.system",
    "urllib.",
    "ctypes.dlopen",
    "shutil.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def main() -> None:
    """Serves until the input ends."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        import weasyprint  # noqa: PLC0415 - half a second that only this process pays
    except (ImportError, OSError):
        sys.exit(MISSING)
    make(weasyprint, "<p>a</p>")  # what is loaded late is loaded before the doors close
    close_the_doors()
    while len(size := incoming.read(4)) == 4:
        page = incoming.read(int.from_bytes(size, "big")).decode()
        bound_the_time()
        try:
            state, answer = b"\x00", make(weasyprint, page)
        except MemoryError:
            state, answer = b"\x01", b"it takes too much memory"
        except Exception as error:  # noqa: BLE001 - whatever the page did, the next one is to be served
            state, answer = b"\x01", f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
        outgoing.write(state + len(answer).to_bytes(4, "big") + answer)
        outgoing.flush()


def make(weasyprint: Any, page: str) -> bytes:
    """The PDF of a page; the same page gives the same octets."""

    class Nowhere(weasyprint.urls.URLFetcher):  # type: ignore[misc] # the library has no types
        """Reads what the page itself holds."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """Only ``data:``."""
            if not url.startswith("data:"):
                raise ValueError(f"a PDF loads nothing from outside: {url[:100]}")
            return super().fetch(url, headers)

    made: bytes = weasyprint.HTML(string=page, url_fetcher=Nowhere()).write_pdf(
        pdf_identifier=hashlib.sha256(page.encode()).digest()[:16], custom_metadata=False
    )
    if len(made) > LARGEST:
        raise ValueError(f"the PDF has over {LARGEST:,} octets")
    return made


def bound_the_time() -> None:
    """From here on the process may work for so long, then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, most))


def close_the_doors() -> None:
    """Bounds of memory and files, and no way out: neither network nor processes, nor files but the libraries' own."""
    ask_the_kernel()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    allowed = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "purelib", "platlib")})

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            inside = isinstance(path, str | bytes | os.PathLike) and os.path.realpath(os.fsdecode(path)).startswith(
                allowed
            )
            if (flags or 0) & _WRITING or not (inside or isinstance(path, int)):
                refuse(event)
        elif event.startswith(_FORBIDDEN):
            refuse(event)

    sys.addaudithook(look)


def ask_the_kernel() -> None:
    """What holds even when a library's own code is taken over: no network but an empty one, no further rights, no further processes.

    A namespace of networks needs one of users where we are not root, and some systems allow neither: the rest holds there too.
    """
    if not sys.platform.startswith("linux"):
        return
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.unshare(CLONE_NEWNET) != 0:
        kernel.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    kernel.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    kernel.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # root is not bound by it
    landlock(kernel)


def landlock(kernel: Any) -> int:
    """No right to change or start any file, to TCP, to signals to others, as far as the kernel knows these: for root as for anybody.

    Returns:
        The version of Landlock; 0 and less: there is none.
    """
    version = int(kernel.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if version < 1:
        return version
    files = ((1 << RIGHTS_TO_FILES.get(version, 16)) - 1) & ~READING
    handled = struct.pack("=QQQ", files, 0b11, 0b11)[: 8 * (1 + (version >= 4) + (version >= 6))]
    rules = kernel.syscall(LANDLOCK_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if rules >= 0:  # without any exception in them
        kernel.syscall(LANDLOCK_RESTRICT_SELF, rules, 0)
        os.close(rules)
    return version


def refuse(event: str) -> NoReturn:
    """Stops what a page must not do."""
    raise PermissionError(f"a PDF may not do this ({event})")


if __name__ == "__main__":
    main()
