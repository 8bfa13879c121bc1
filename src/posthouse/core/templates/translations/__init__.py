"""Translations of a template: what is missing, and the way out to a translator and back (XLIFF 2, CSV)."""
