"""Names of the weights in torchvision's files of vision transformers, in ours. Torch-free."""

NAMES = {
    "conv_proj.": "patches.",
    "encoder.pos_embedding": "positions",
    "encoder.layers.encoder_layer_": "blocks.",
    "encoder.ln.": "norm.",
    ".ln_1.": ".norm1.",
    ".ln_2.": ".norm2.",
    ".self_attention.in_proj_": ".attention.inputs.",
    ".self_attention.out_proj.": ".attention.output.",
    ".mlp.3.": ".mlp.2.",
    ".mlp.linear_1.": ".mlp.0.",
    ".mlp.linear_2.": ".mlp.2.",
    "heads.head.": "classifier.",
}
"""Theirs → ours. linear_1 and linear_2 are what torchvision called the two layers when it published the file."""


def rename(key: str) -> str:
    """Our name of a weight of torchvision's vision transformers; any other name is kept."""
    for theirs, ours in NAMES.items():
        key = key.replace(theirs, ours)
    return key
