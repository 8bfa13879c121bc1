"""The default store: SQLite in the data folder."""
