"""Vision transformers, whose tokens are feature maps to all methods."""
