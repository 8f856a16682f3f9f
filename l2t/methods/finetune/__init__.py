"""Finetuning the source network itself."""
