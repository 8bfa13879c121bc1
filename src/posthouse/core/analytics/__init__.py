"""Statistics: roll-ups of the events, and the questions that they answer."""
