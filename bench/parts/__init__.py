"""One module per subject. Each has `TITLE` and `run(context) -> Result`; `python -m bench` finds it by its name."""
