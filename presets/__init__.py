"""Data that people write and code reads: controllers, effect chains, scenes. Empty until there is something to control."""
