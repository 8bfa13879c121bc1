"""The benchmarks' peers run our compiled programs in Jinja2: they get every filter of ours that the compiler puts in."""

import re
from pathlib import Path

from bench.kit.jinja import FILTERS

from posthouse.core.templates.folder import read_folder
from posthouse.rendering.compiler import MinijinjaCompiler

EXAMPLE = Path(__file__).parents[3] / "examples" / "templates" / "order-confirmation"
JINJAS_OWN = {"default", "length", "join", "safe", "upper", "lower", "e", "round"}


def test_the_measured_mail_has_no_filter_that_peers_lack() -> None:
    """A worker that lacks one fails each message, and the peer sends nothing."""
    source = read_folder({path.name: path.read_bytes() for path in EXAMPLE.iterdir() if path.is_file()}, EXAMPLE.name)
    for variant in source.variants:
        programs = MinijinjaCompiler().compile(source, variant).programs
        used = {
            name
            for part in ("subject", "text", "html")
            for name in re.findall(r"\|\s*([a-z_]+)", programs.get(part, ""))
        }
        assert used <= {*FILTERS, *JINJAS_OWN}
