"""Templates, publishing and releases."""
