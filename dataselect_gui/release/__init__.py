"""The order of a release, the bundle that it writes, and the receiver's check of one."""
