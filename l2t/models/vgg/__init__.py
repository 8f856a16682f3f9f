"""VGG networks with batch norm, global average pooling and one linear layer."""
