"""The process that works on the model, apart from the one that a person talks to."""
