"""Ways out, one folder a channel."""
