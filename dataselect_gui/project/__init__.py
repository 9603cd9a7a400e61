"""One owner's work on disk: which source, which checkpoints, the scores, the rule."""
