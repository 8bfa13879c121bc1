"""Posthouse: the one place through which every transactional message of a company passes."""

__version__ = "0.1.0"
