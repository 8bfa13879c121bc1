"""The one linear history of the schema, for both databases. Run through posthouse.stores.shared.migrate."""
