"""Unweighted feature matching."""
