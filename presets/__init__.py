"""Data that people write and code reads: controllers, effect chains, scenes."""
