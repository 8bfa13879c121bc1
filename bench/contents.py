"""What content costs: render by channel, publish, against Jinja2 with premailer and npm mjml, on the same documents.

    npm ci --prefix tests/node && python bench/contents.py

The peers do what applications do that keep their templates themselves: Jinja2 fills in the compiled HTML of the same mail and
premailer puts its styles into its elements, for each message; or Jinja2 fills in MJML and npm mjml compiles it, for each message. npm
mjml is warm (the best of 30 in one process of Node.js), and its MJML is ours as filled in with the sample.
"""

import itertools
import json
import logging
import shutil
import statistics
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import jinja2
import premailer

from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.model import Category, Release, TemplateSource, UnknownPolicy, VariantSource
from posthouse.rendering import engine
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.renderer import MinijinjaRenderer

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "templates"
COMPILER, RENDERER = MinijinjaCompiler(), MinijinjaRenderer()
NUMBERS = itertools.count(1)


def release(source: TemplateSource, variant: VariantSource) -> Release:
    """A variant, compiled."""
    made = COMPILER.compile(source, variant)
    return Release(
        id=next(NUMBERS).to_bytes(16, "big"),
        workspace_id=b"w" * 16,
        template_id=b"t" * 16,
        template_key=source.key,
        version=1,
        channel=variant.channel,
        locale=variant.locale,
        category=Category.TRANSACTIONAL,
        lane="normal",
        default_channel="email",
        default_locale="en",
        unknown_policy=UnknownPolicy.RESEND,
        programs=made.programs,
        variables=made.variables,
        schema=made.schema,
        created_at=0,
        content=made.content,
    )


def timed(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Microseconds: the median and the 99th percentile of single calls."""
    call()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        call()
        taken.append(time.perf_counter_ns() - start)
    taken.sort()
    return taken[rounds // 2] / 1e3, taken[rounds * 99 // 100] / 1e3


def npm_mjml(sources: list[str]) -> list[float]:
    """Milliseconds of each, warm."""
    asked = "".join([json.dumps({"mjml": source, "rounds": 30}) + "\n" for source in sources])
    node = shutil.which("node") or "node"
    told = subprocess.run(
        [node, "compile.js"], input=asked, capture_output=True, text=True, cwd=ROOT / "tests/node", check=True
    )
    return [json.loads(line)["ms"] for line in told.stdout.splitlines()]


def main() -> None:
    """Prints the tables."""
    warnings.simplefilter("ignore")
    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
    files = {path.relative_to(EXAMPLES).as_posix(): path.read_bytes() for path in EXAMPLES.rglob("*") if path.is_file()}
    sources = read_tree(files)
    print(f"{'render, µs':32}{'p50':>9}{'p99':>9}")
    for source in sources:
        for variant in source.variants:
            made = release(source, variant)
            run = RENDERER.wire if variant.channel == "email" else RENDERER.plain
            p50, p99 = timed(lambda run=run, made=made, source=source: run(made, source.sample, at=0), 2_000)
            print(f"{source.key + ' ' + variant.channel + '.' + variant.locale:32}{p50:9.1f}{p99:9.1f}")
    mails = [(one, two) for one in sources for two in one.variants if two.mjml is not None]
    filled = [engine.environment(two.locale).render_str(two.mjml or "", "m.html", **one.sample) for one, two in mails]
    reference = npm_mjml([text.replace("&#x2f;", "/") for text in filled])
    peer = jinja2.Environment(autoescape=True)
    heads = ("publish", "npm mjml", "ratio", "render", "premailer", "ratio", "npm mjml", "ratio")
    print(f"\n{'mail':28}" + "".join([f"{head:>11}" for head in heads]))
    print(f"{'':28}" + "".join([f"{unit:>11}" for unit in ("ms", "ms", "", "µs", "µs", "", "µs", "")]))
    ratios: list[tuple[float, float, float]] = []
    for (source, variant), theirs in zip(mails, reference, strict=True):
        made = release(source, variant)
        publish = timed(lambda source=source, variant=variant: COMPILER.compile(source, variant), 30)[0] / 1e3
        ours = timed(lambda made=made, source=source: RENDERER.wire(made, source.sample, at=0), 1_000)[0]
        template = peer.from_string(made.programs["html"])
        inlined = lambda template=template, source=source: premailer.transform(template.render(**source.sample))  # noqa: E731
        other = timed(inlined, 20)[0]
        ratios.append((theirs / publish, other / ours, theirs * 1e3 / ours))
        row = (publish, theirs, ratios[-1][0], ours, other, ratios[-1][1], theirs * 1e3, ratios[-1][2])
        print(f"{source.key + '.' + variant.locale:28}" + "".join([f"{value:11.1f}" for value in row]))
    names = ("publish, npm mjml / ours", "render, jinja2+premailer / ours", "render, npm mjml for each message / ours")
    for name, values in zip(names, zip(*ratios, strict=True), strict=True):
        print(f"ratio of {name}: {statistics.median(values):.1f} (median of {len(values)} mails)")


if __name__ == "__main__":
    main()
