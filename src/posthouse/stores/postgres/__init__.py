"""The store at scale: PostgreSQL."""
