"""What a consortium finds out on clean rows: thresholds, statistics of features, bounds."""
