"""Imitating how features flow from one stage to the next."""
