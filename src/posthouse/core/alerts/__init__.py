"""Alerts: when something is wrong with what is sent, told once, with its numbers."""
