"""Message tests: what a template must say for a sample, kept with it and run before every publication."""
