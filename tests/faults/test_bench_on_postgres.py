"""``posthouse bench`` on PostgreSQL leaves nothing behind."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from tests.faults.kit import LONG
from tests.integration.test_bench_command import bench

from posthouse.testing.postgres import create_database, drop_database, shared_server


@pytest.mark.skipif(not LONG, reason="half a minute: part of `make faults`")
async def test_on_postgresql_it_makes_a_database_of_its_own(tmp_path: Path, testrun_uid: str) -> None:
    """The database that is named stays empty, and the one that was made is gone."""
    server = shared_server(testrun_uid)
    url = await create_database(server, "bench_named")
    try:
        done = await asyncio.to_thread(bench, tmp_path, "--database", url)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["store"] == "PostgreSQL"
        connection = await asyncpg.connect(url)
        try:
            assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
            left = await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'posthouse_bench_%'")
            assert left == 0
        finally:
            await connection.close()
    finally:
        await drop_database(server, "bench_named")
