"""Texts and files made from values: JSON of trends, and the words several rooms say of them. No input or output."""
