"""The controllers of a cluster: they start pods, make the pods of Jobs, and delete what has lost its owner."""
