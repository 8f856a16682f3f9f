"""Widgets: they draw what a screen gives them and know neither store nor feed."""
