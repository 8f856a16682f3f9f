"""Factor transfer: paraphrased features of the source, imitated by translated ones of the target."""
