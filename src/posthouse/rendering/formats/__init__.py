"""Numbers, dates and words as each language writes them, from CLDR (Babel, imported at the first use)."""
