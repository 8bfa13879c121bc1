"""What comes back: from a report about a message to its events, its state and what is learnt about the person."""
