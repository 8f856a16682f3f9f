"""CIFAR-style residual networks."""
