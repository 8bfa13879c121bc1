"""The pipeline's script (examples/ci), run as a pipeline runs it, against the HTTP door."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from tests.unit.http.fakes import Stage

SCRIPT = Path(__file__).parents[3] / "examples" / "ci" / "push_templates.py"


class Pipeline:
    """Runs the script in a folder of templates."""

    def __init__(self, url: str, key: str, folder: Path) -> None:
        self.folder = folder
        self._environment = {"POSTHOUSE_URL": url, "POSTHOUSE_KEY": key}

    async def __call__(self, *words: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-B", str(SCRIPT), str(self.folder), *words,
            env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def pipeline(tmp_path: Path) -> AsyncIterator[Pipeline]:
    stage = await Stage().open()
    for name, content in {
        "blocks/footer.json": b'{"name": "Footer", "blocks": [{"type": "divider", "id": "line"}]}',
        "welcome/template.toml": b'name = "Welcome"\nsubject = "Hi"\n',
        "welcome/email.en.html": b"<p>Hi</p>",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(stage.app, log_level="error", lifespan="off"))
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield Pipeline(f"http://127.0.0.1:{listener.getsockname()[1]}", stage.live_key, tmp_path)
        finally:
            server.should_exit = True
            await running


async def test_tried_published_and_unchanged(pipeline: Pipeline) -> None:
    """A merge request tries, the main branch publishes, and the same files again change nothing."""
    assert await pipeline("--dry-run") == (0, "footer: would change\nwelcome: would change\n", "")
    assert await pipeline("--publish") == (0, "footer: version 1\nwelcome: version 1\n", "")
    assert (await pipeline("--publish"))[1] == "footer: unchanged\nwelcome: unchanged\n"


async def test_what_is_wrong_fails_the_pipeline(pipeline: Pipeline) -> None:
    """With the place of each problem; so does a house that does not answer."""
    (pipeline.folder / "blocks" / "footer.json").write_text(
        '{"name": "Footer", "blocks": [{"type": "dividr", "id": "a"}]}'
    )
    code, _, err = await pipeline("--publish")
    assert code == 1
    assert "footer" in err
    assert "/blocks/0" in err
    nobody = Pipeline("http://127.0.0.1:9", "x", pipeline.folder)
    assert (await nobody())[0] == 1
