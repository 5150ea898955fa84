"""The model that the page *Your own model* asks about where the reader has none: a network of page 11, and its data."""

from liegg import pretrained
from liegg.studies.generators import o5

network = pretrained("o5", seed=0)
points, labels = o5.draw(5000, seed=1_000_000)  # none of them was in its training
