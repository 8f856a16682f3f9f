"""Learning what and where to transfer."""
