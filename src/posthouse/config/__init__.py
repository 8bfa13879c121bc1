"""Settings: one posthouse.toml plus POSTHOUSE_* variables, read once into frozen structs.

``load`` reads them, ``Settings`` holds them, ``masterkey`` keeps the one secret that must not stand in the store.
"""

from posthouse.config.errors import SettingsError
from posthouse.config.load import Loaded, load
from posthouse.config.masterkey import create_master_key, read_master_key
from posthouse.config.model import Settings

__all__ = ["Loaded", "Settings", "SettingsError", "create_master_key", "load", "read_master_key"]
