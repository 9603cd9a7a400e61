"""Scores of records: the model, its inputs, per-sample gradient norms, input gradients."""
