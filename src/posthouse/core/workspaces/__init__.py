"""Workspaces, API keys and sending domains."""
