"""The frame of the window: the places and how to get there, actions, what is going on."""
