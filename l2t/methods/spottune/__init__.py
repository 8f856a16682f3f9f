"""Finetuning or keeping each residual block, decided image by image."""
