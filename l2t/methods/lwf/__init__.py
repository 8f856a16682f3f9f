"""Learning without forgetting."""
