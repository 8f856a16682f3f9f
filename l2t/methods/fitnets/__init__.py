"""Hint training in two stages."""
