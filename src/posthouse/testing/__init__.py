"""Shipped test kit: contract suites, fakes, the loopback mail server."""
