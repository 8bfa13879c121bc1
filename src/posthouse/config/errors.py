"""What can be wrong with the settings."""

from posthouse.core.kernel.errors import PosthouseError


class SettingsError(PosthouseError):
    """The settings are wrong.

    ``fields`` has one entry for each bad setting: its name, and where it was found with what to write instead.
    """

    slug = "settings"
    status = 500
