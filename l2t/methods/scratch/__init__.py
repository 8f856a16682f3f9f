"""Training from scratch: the baseline without transfer."""
