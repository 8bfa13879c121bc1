"""Benchmarks: each runnable with one command, each printing a ratio."""
