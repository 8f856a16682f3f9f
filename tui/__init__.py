"""The Textual app over the store: it reads what the commands read, and calls the same functions. It imports no torch,
scipy, pandas or matplotlib: what needs them runs in processes of its own."""
