"""Fault tests: real processes killed at every named place, platforms that misbehave in every way, and a strict judge.

`python -m faults` (or `make faults`) runs the whole matrix and prints its table; see `docs/reliability.md`. What counts
as lost, duplicated or wrong is defined in `faults/judge.py`. The package belongs to the project, not to the product.
"""
