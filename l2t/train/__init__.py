"""Training: the loop and everything around a method. Worker-side, but for `control`."""
