"""Parts of a report beside its tables, one module each: what it says, as tables of texts and as plain values."""
