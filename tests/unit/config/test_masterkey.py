"""The master key: made once, kept private, never overwritten."""

import base64
from pathlib import Path

import pytest

from posthouse.config import Settings, SettingsError, create_master_key, read_master_key


def test_made_key_is_read_back_and_private(tmp_path: Path) -> None:
    """32 bytes, readable by the owner alone."""
    settings = Settings(data=str(tmp_path))
    key = create_master_key(settings.key_file)
    assert len(key) == 32
    assert read_master_key(settings) == key
    assert settings.key_file.stat().st_mode & 0o777 == 0o600


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    """What it sealed would be lost for ever."""
    path = tmp_path / "secret.key"
    create_master_key(path)
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="not overwritten"):
        create_master_key(path)
    assert path.read_bytes() == before


def test_key_from_the_settings_wins(tmp_path: Path) -> None:
    """Those who keep secrets in the environment need no file."""
    key = bytes(range(32))
    assert read_master_key(Settings(data=str(tmp_path), secret_key=base64.b64encode(key).decode())) == key


@pytest.mark.parametrize("word", ["", "short", "c2hvcnQ=", "\x00" * 44, "é" * 44])
def test_a_wrong_key_is_refused_with_advice(tmp_path: Path, word: str) -> None:
    """Anything but 32 bytes in base64 stops the start, and says how to make a key."""
    (tmp_path / "secret.key").write_text(word, encoding="utf-8")
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        read_master_key(Settings(data=str(tmp_path)))


def test_a_missing_key_is_told_with_advice(tmp_path: Path) -> None:
    """An installation without its key says which command makes one."""
    with pytest.raises(SettingsError, match="posthouse init"):
        read_master_key(Settings(data=str(tmp_path)))
