"""AlexNet for small images."""
