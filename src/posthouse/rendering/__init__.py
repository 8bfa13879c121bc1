"""Template programs: minijinja, MJML, wire form, text."""
