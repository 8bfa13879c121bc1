"""Telling others: endpoints, signatures, delivery of events to them."""
