"""What the benchmarks share: a house as a user starts it, a load generator, sinks, peers."""
