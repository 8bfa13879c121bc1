"""The few words that all rooms share: identifiers, clock, paging, the root error."""
