"""What a message was worth: orders and other goals, each counted once and credited to the last click before it."""
