"""Settings: one posthouse.toml plus POSTHOUSE_* variables, read once."""
