"""The Release place: decide, see the consequence, see the parcel, press one button."""

from dataselect_gui.window.release.place import ReleasePlace

__all__ = ["ReleasePlace"]
