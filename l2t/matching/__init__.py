"""Feature matching between two networks: which layers are paired, the weighted distance, and the meta-networks that
learn what (channels), where (pairs) and which (positions) to match. Worker-side, but for `pairs`."""
