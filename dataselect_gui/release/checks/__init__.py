"""The receiver's check of a mechanism's figures, one module each.

They share no arithmetic with the mechanisms: what a bundle states is computed anew from its own words.
"""
