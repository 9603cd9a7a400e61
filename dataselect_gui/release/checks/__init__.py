"""The receiver's check of a mechanism's figures, one module each.

They share no arithmetic with the mechanisms: stated figures are recomputed from other stated figures.
"""
