"""The processes: supervisor, API, dispatcher, scheduler."""
