"""Runs every benchmark, one after the other, and ends with one line for each ratio.

    python -m bench [--quick] [NAME …]

Names are those of the files here (``pipeline``, ``accept``, ``latency``, ``growth``, ``memory``, ``stores``, ``compose``, ``render``,
``document``, ``contents``,
``preview``, ``blocks``, ``smtp``, ``http_door``, ``returned``, ``webhooks``, ``analytics``, ``alerts``). ``--quick`` sends fewer
messages: minutes instead of half an hour, and rougher figures.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
QUICK = {
    "pipeline": ["--messages", "8000", "--peer-messages", "900"],
    "accept": ["--messages", "6000"],
    "latency": ["--bulk", "30000", "--seconds", "5"],
    "growth": ["--messages", "4000"],
    "memory": ["--messages", "4000"],
    "analytics": ["--messages", "100000", "1000000", "--raw", "100000"],
    "blocks": ["--templates", "60", "--one-by-one", "10"],
    "preview": ["--requests", "60"],
    "webhooks": ["--seconds", "5", "--burst", "800"],
}
FIRST = tuple(QUICK)


def main() -> None:
    """Runs them, shows what they print, and repeats the ratios; the exit code is 1 when a benchmark failed."""
    names = [*FIRST, *sorted(path.stem for path in HERE.glob("*.py") if path.stem[0] != "_" and path.stem not in FIRST)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    wanted = parser.parse_args()
    unknown = [name for name in wanted.names if name not in names]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names)}")
    ratios: list[str] = []
    failed = [name for name in wanted.names or names if not _run(name, quick=wanted.quick, ratios=ratios)]
    print("\n==> the ratios", *ratios, sep="\n")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _run(name: str, *, quick: bool, ratios: list[str]) -> bool:
    """One benchmark in a process of its own; whether it ended well."""
    print(f"\n==> {name}", flush=True)
    command = [sys.executable, "-u", "-m", f"bench.{name}", *(QUICK.get(name, []) if quick else [])]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if "ratio" in line.lower():
                ratios.append(f"{name}: {line.strip()}")
    return process.returncode == 0


if __name__ == "__main__":
    main()
