"""Tests of what calls cost, and of what may be bought."""
