"""Transfer methods: torch-free options (`base`, `registry`, `*.config`) and their computation (`*.method`, workers)."""
