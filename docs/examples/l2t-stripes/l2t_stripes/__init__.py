"""A transfer method, a network and a data set for l2t."""
