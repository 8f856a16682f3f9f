"""Finetuning by way of an intermediate data set."""
