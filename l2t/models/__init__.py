"""Architectures: torch-free descriptions (`registry`, `*.config`) and networks (`*.network`, workers only)."""
