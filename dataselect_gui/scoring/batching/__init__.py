"""Many records at once through a graph that is written for a batch of one."""
