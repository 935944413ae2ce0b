"""Ceilings: reserve before a call, pay, settle after it."""
