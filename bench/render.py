"""Microseconds to render subject, HTML and text of the order confirmation, plain and in wire form, against Jinja2.

    python -m bench.render

The peer is Jinja2 (sandboxed, strict, autoescape for HTML) and, for wire form, the standard library's
quoted-printable encoder. Both render the same programs from the same variables; the texts are compared first.
"""

import binascii
import html
import timeit
from collections.abc import Callable
from pathlib import Path

from jinja2.sandbox import SandboxedEnvironment

from bench.kit.jinja import FILTERS
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.model import Category, Release, UnknownPolicy
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.renderer import MinijinjaRenderer

FOLDER = Path(__file__).parents[1] / "examples" / "templates" / "order-confirmation"
ROUNDS, REPEATS = 50, 60


def order_confirmation() -> tuple[Release, dict]:
    """The release and its sample variables (5 order lines)."""
    source = read_folder({path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}, FOLDER.name)
    variant = next(one for one in source.variants if one.locale == "en")
    compiled = MinijinjaCompiler().compile(source, variant)
    release = Release(
        id=b"r" * 16,
        workspace_id=b"w" * 16,
        template_id=b"t" * 16,
        template_key=source.key,
        version=1,
        channel="email",
        locale="en",
        category=Category.TRANSACTIONAL,
        lane="normal",
        default_channel="email",
        default_locale="en",
        unknown_policy=UnknownPolicy.RESEND,
        programs=compiled.programs,
        variables=compiled.variables,
        schema=compiled.schema,
        created_at=0,
        isolates=compiled.isolates,
    )
    return release, source.sample


def peer(release: Release) -> Callable[[dict], list[str]]:
    """The same three programs in Jinja2."""
    made = SandboxedEnvironment(keep_trailing_newline=True)
    made.filters.update(FILTERS)
    programs = []
    for name in ("subject", "html", "text"):
        made.autoescape = name == "html"
        programs.append(made.from_string(release.programs[name]))
    return lambda variables: [program.render(variables) for program in programs]


def measured(call: Callable[[], object]) -> float:
    """Microseconds, the best of sixty rounds: other work on the machine only ever adds."""
    return min(timeit.repeat(call, number=ROUNDS, repeat=REPEATS)) / ROUNDS * 1e6


def main() -> None:
    """Prints the table."""
    release, variables = order_confirmation()
    for line in variables["order"]["lines"]:
        line.setdefault("image", None)  # Jinja2's strict undefined does not even let a condition ask
    ours, theirs, checker = MinijinjaRenderer(), peer(release), SchemaChecker()
    plain, wire = ours.plain(release, variables), ours.wire(release, variables)
    same = html.unescape(theirs(variables)[1]).strip() == html.unescape(plain.html or "").strip()
    print(f"subject + HTML {len(plain.html or ''):,} + text {len(plain.text):,} characters;", end=" ")
    print(
        f"on the wire {len(wire.html or b'') + len(wire.text):,} octets; Jinja2 prints the same: {'yes' if same else 'NO'}"
    )

    def encoded() -> list[bytes]:
        return [binascii.b2a_qp(body.encode(), istext=True) for body in theirs(variables)[1:]]

    rows = [
        ("check the variables", measured(lambda: checker.problems(release, variables)), None),
        ("plain", measured(lambda: ours.plain(release, variables)), measured(lambda: theirs(variables))),
        ("wire", measured(lambda: ours.wire(release, variables)), measured(encoded)),
        ("encode what others rendered", measured(lambda: ours.encode(plain)), None),
    ]
    for name, own, other in rows:
        against = f"   Jinja2 {other:7.1f} µs   ratio {other / own:4.1f}" if other else ""
        print(f"{name:28}{own:7.1f} µs{against}")


if __name__ == "__main__":
    main()
