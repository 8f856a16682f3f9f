"""torchvision's convolutional networks, which come with weights that were trained on ImageNet."""
