"""Imitating where the source looks."""
