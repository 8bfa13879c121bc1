"""Schema, migrations and the queries that both stores share."""
