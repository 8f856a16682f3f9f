"""Learning what, where and which pixels to transfer."""
