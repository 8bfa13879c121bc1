"""The lint of templates: rules as data, findings with their places."""
