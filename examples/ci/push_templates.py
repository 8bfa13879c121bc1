"""Hands a folder of templates to Posthouse over HTTP, blocks and themes first, all or nothing. Standard library only.

    export POSTHOUSE_URL=https://posthouse.shop.example POSTHOUSE_KEY=…
    python push_templates.py templates --dry-run     # what would change, and what is wrong (in a merge request)
    python push_templates.py templates --publish     # live (on the main branch)

Ends with 0 when all is well, 1 when a template is refused or Posthouse cannot be reached.
"""

import argparse
import base64
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def main() -> int:
    """Pushes; prints a line for each thing that changed, or each problem with its place."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--publish", action="store_true")
    asked.add_argument("--dry-run", action="store_true")
    given = asked.parse_args()
    wanted = {"files": files(given.folder), "publish": given.publish, "dry_run": given.dry_run}
    try:
        done = post("/v1/templates", wanted)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        print(problem.get("detail", f"HTTP {error.code}"), file=sys.stderr)
        for one in problem.get("errors", ()):
            print(f"  {one['pointer']}: {one['detail']}", file=sys.stderr)
        return 1
    except urllib.error.URLError as error:
        print(f"Posthouse cannot be reached: {error.reason}", file=sys.stderr)
        return 1
    for line in told(done, dry=given.dry_run):
        print(line)
    return 0


def files(folder: Path) -> dict[str, Any]:
    """Every file by its path: text as it is, anything else in base64."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            try:
                found[name] = content.decode("utf-8")
            except UnicodeDecodeError:
                found[name] = {"base64": base64.b64encode(content).decode()}
    return found


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One request."""
    request = urllib.request.Request(
        os.environ["POSTHOUSE_URL"].rstrip("/") + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['POSTHOUSE_KEY']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        done: dict[str, Any] = json.load(answer)
    return done


def told(done: dict[str, Any], *, dry: bool) -> list[str]:
    """What changed, in words."""
    lines = []
    for one in (*done["library"], *done["items"]):
        thing = one.get("template") or one["item"]
        state = ("would change" if dry else f"version {thing['version']}") if one["changed"] else "unchanged"
        lines.append(f"{thing['key']}: {state}")
        lines += [f"  warning: {warning['detail']}" for warning in one.get("warnings", ())]
    return lines


if __name__ == "__main__":
    sys.exit(main())
