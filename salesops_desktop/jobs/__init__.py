"""The use cases. The window and the command line reach the product through these functions only."""
