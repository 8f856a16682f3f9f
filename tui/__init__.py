"""The Textual app over the store. Still empty: the screens come after the job engine. Imports no torch, scipy, pandas
or matplotlib."""
