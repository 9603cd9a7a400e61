"""The main window: its header and footer, its actions, and how places are reached."""
