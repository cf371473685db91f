"""One file per question, each prints a table: `python -m benchmarks.NAME --help`. Nothing here is asserted."""
