"""What sending costs one dispatch process: CPU microseconds of a message, the way in left out.

    python -m bench.dispatch [--messages 3000] [--stores sqlite postgres] [--profile FILE]

The messages are accepted first, by an API process that then stops; one dispatch process sends them to Postfix's smtp-sink. The ratio is
to the RSA signature alone, measured in the same minute. With ``--profile`` py-spy (not installed with the rest) samples the process.
"""

import argparse
import shutil
import subprocess

from bench.kit import load, machine
from bench.kit.house import STORES, house
from bench.kit.sink import smtp_sink


def main() -> None:
    """Prints the cost on each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    parser.add_argument("--profile", default="")
    wanted = parser.parse_args()
    print(machine.described())
    for store in wanted.stores:
        with smtp_sink() as sink, house(store) as fresh:
            fresh.set_up(sink.port)
            with fresh.serve("--role", "api"):
                load.run(port=fresh.port, key=fresh.key, count=wanted.messages, connections=64)
            with fresh.serve("--role", "dispatch", "--dispatchers", "1"):
                child = fresh.processes()["dispatch-0"]
                if wanted.profile:
                    _sample(child.pid, wanted.profile)
                fresh.wait_sent(wanted.messages // 6)  # starting and warming up are not sending
                warm, before = fresh.sent(), child.cpu_times()
                fresh.wait_sent(wanted.messages)
                after = child.cpu_times()
        signature, _ = machine.rsa_floor(1.0)
        user, system = (
            spent / (wanted.messages - warm) * 1e6 for spent in (after.user - before.user, after.system - before.system)
        )
        cost = user + system
        print(f"{store}: {cost:.0f} µs of CPU a message (user {user:.0f}, system {system:.0f})")
        print(f"RATIO {store}: {cost / signature:.2f} times the RSA signature alone ({signature:.0f} µs)")


def _sample(pid: int, file: str) -> None:
    program = shutil.which("py-spy")
    if program is None:
        raise SystemExit("--profile needs py-spy: pip install py-spy")
    subprocess.Popen([program, "record", "-r", "500", "-d", "600", "-f", "raw", "-o", file, "-p", str(pid)])


if __name__ == "__main__":
    main()
