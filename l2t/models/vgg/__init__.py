"""VGG networks for small images, with and without batch norm."""
