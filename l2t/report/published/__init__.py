"""Numbers that others printed, as data, to stand beside ours: `thesis/` ships, any other table is a CSV of the user's.

`table` reads and checks them, `shipped` knows the thesis, `judge` tests ours against them, `setup` says what was not
done as it was there, `claims` puts printed comparisons beside ours, `absent` says which have no runs here.
"""
