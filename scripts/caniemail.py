"""Makes src/posthouse/rendering/lint/caniemail.toml from the data of caniemail.com, as the npm package `caniemail` ships it.

In a folder of your own: `npm pack caniemail`, unpack it, then `python scripts/caniemail.py package/data/caniemail.json`.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "posthouse" / "rendering" / "lint" / "caniemail.toml"
PROGRAMS = {
    "Gmail": ("gmail", ("desktop-webmail", "ios", "android")),
    "Outlook for Windows": ("outlook", ("windows",)),
    "Apple Mail": ("apple-mail", ("macos", "ios")),
}
PROPERTY = re.compile(r"[a-z][a-z-]+(?:, [a-z][a-z-]+)*")
NO_PROPERTIES = {"css-intrinsic-size", "css-sytem-ui", "css-inert-attribute", "css-scroll-snap"}
"""Features that are called like properties and are values or families of others (by their address there)."""
ELEMENT = re.compile(r"<([a-z0-9]+)> element")
HEAD = """# What mail programs leave out, by the tests of caniemail.com: made by scripts/caniemail.py, do not edit. Kept are properties and
# elements that every platform of a program leaves out in its latest version tested. What it means, and what to do, stands in
# clients.toml.
#
# MIT License. Copyright (c) 2019 HTeuMeuLeu. Permission is hereby granted, free of charge, to any person obtaining a copy of this
# software and associated documentation files (the "Software"), to deal in the Software without restriction, including without
# limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
# permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and
# this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS",
# WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A
# PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR
# OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR
# THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def leaving_out(stats: dict[str, Any]) -> tuple[str, ...]:
    """The programs all of whose platforms leave a feature out in the latest version that was tested."""
    found = []
    for program, (family, platforms) in PROGRAMS.items():
        tested = [list(stats.get(family, {}).get(platform, {}).values()) for platform in platforms]
        latest = [versions[-1] for versions in tested if versions]
        if latest and all(one.startswith("n") for one in latest):
            found.append(program)
    return tuple(found)


def names_of(feature: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a feature is about: ("properties" or "elements", name); nothing for units, selectors, values and the like."""
    title = feature["title"].removesuffix(" property").strip()
    if feature["category"] == "css" and feature["slug"] not in NO_PROPERTIES and PROPERTY.fullmatch(title):
        for name in title.split(", "):
            yield "properties", name
    if feature["category"] == "html" and (element := ELEMENT.fullmatch(title)):
        yield "elements", element[1]


def document(data: dict[str, Any]) -> str:
    """The file."""
    groups: dict[tuple[str, ...], dict[str, set[str]]] = {}
    for feature in data["data"]:
        programs = leaving_out(feature["stats"])
        for kind, name in names_of(feature) if programs else ():
            groups.setdefault(programs, {"properties": set(), "elements": set()})[kind].add(name)
    lines = [HEAD, f'date = "{data["last_update_date"][:10]}"']
    for programs, names in sorted(groups.items()):
        lines += ["", "[[ignored]]", f"programs = {json.dumps(programs)}"]
        for kind, held in names.items():
            inside = "".join(f'  "{name}",\n' for name in sorted(held))
            lines.append(f"{kind} = [\n{inside}]" if held else f"{kind} = []")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), encoding="utf-8")
