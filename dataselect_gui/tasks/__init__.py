"""What models predict: the tasks, one file each."""
