"""The work that a cluster does by itself: pods start, Jobs make pods, what lost its owner goes."""
