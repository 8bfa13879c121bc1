"""The pages of the providers know every setting."""

from pathlib import Path

import msgspec
import pytest

from posthouse.channels.email.providers import PROVIDERS
from posthouse.channels.email.providers.sandbox.send import SIMULATED

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("kind", list(PROVIDERS))
def test_every_setting_stands_in_the_page_with_its_default(kind: str) -> None:
    """A setting that is not documented does not exist for its reader."""
    page = (ROOT / PROVIDERS[kind].docs).read_text()
    for field in msgspec.structs.fields(PROVIDERS[kind].settings):
        row = next((line for line in page.splitlines() if line.startswith(f"| `{field.name}` |")), None)
        assert row is not None, field.name
        if isinstance(field.default, bool | int | float) or field.default not in ("", msgspec.NODEFAULT):
            shown = (
                str(field.default).lower() if isinstance(field.default, bool) else f"{field.default}".removesuffix(".0")
            )
            assert f"| `{shown}` |" in row, row


def test_every_simulated_address_stands_in_the_sandboxs_page() -> None:
    """They are part of the interface."""
    page = (ROOT / PROVIDERS["sandbox"].docs).read_text()
    assert all(f"| `{local}@…` |" in page for local in SIMULATED)
