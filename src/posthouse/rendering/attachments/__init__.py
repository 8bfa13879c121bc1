"""Makes attachments at dispatch: the same message gives the same bytes."""
