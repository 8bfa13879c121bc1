"""The library: blocks and themes that templates share (docs/explain/blocks-and-impact.md)."""
