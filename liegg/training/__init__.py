"""The networks of the experiments, and many of them trained as one computation."""
