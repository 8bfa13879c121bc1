"""What the OpenAPI document promises, asked by a machine that reads only the document."""

import asyncio
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.unit.http.fakes import Stage

LONG = os.environ.get("POSTHOUSE_TEST_FAULTS") == "long"
stage = asyncio.run(Stage().open())
# Thousands of cases at the edges of each schema, made anew by each process that only looks for tests: they are for the long form.
config = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": LONG}}})
schema = schemathesis.openapi.from_asgi("/openapi.json", stage.app, config=config)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_keeps_its_promise(case: schemathesis.Case) -> None:
    """No 500, no undocumented status, and bodies as the document says, for valid and for broken requests."""
    case.call_and_validate(headers={"authorization": f"Bearer {stage.live_key}"}, checks=CHECKS)
