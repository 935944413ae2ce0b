"""The tables as every database has them: named statements are asked, and answers become records.

What differs is the statement of a name (`queries/` of each database), how it is run (`connection.py`), or, seldom, a
class that takes the place of one of these in the store of that database.
"""
