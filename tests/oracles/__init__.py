"""Independent readings of METHODS.md's formulas, with torch's own layers, for tests and benchmarks to compare with."""
