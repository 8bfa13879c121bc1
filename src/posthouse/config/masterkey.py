"""The master key: 32 random bytes outside the store, without which no sealed secret and no API key works."""

import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from posthouse.config.errors import SettingsError
from posthouse.config.model import Settings

KEY_BYTES: Final = 32
PRIVATE: Final = 0o600


def create_master_key(path: Path, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Makes a key and writes it, readable by its owner alone. Never overwrites.

    Raises:
        SettingsError: the file exists already.
    """
    key = random(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise SettingsError(
            f"{path} exists already and is not overwritten: what it sealed could never be read again"
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def read_master_key(settings: Settings) -> bytes:
    """The master key, from ``secret_key`` or the key file.

    Raises:
        SettingsError: there is none, or it is not 32 bytes in base64.
    """
    if settings.secret_key:
        return _decode(settings.secret_key, "secret_key")
    try:
        return _decode(settings.key_file.read_text(encoding="ascii", errors="replace"), str(settings.key_file))
    except FileNotFoundError:
        raise SettingsError(
            f"there is no master key at {settings.key_file}; run `posthouse init --data {settings.data}` for a new "
            "installation, or put back the secret.key that belongs to this store"
        ) from None
    except OSError as error:
        raise SettingsError(f"the master key {settings.key_file} cannot be read: {error.strerror}") from error


def _decode(word: str, where: str) -> bytes:
    try:
        key = base64.b64decode(word.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{where} must hold 32 bytes in base64, as `openssl rand -base64 32` prints them")
    return key
