"""Who must not be written to, why, and how it came to that."""
