"""Makes the shipped tables of measured runs anew: totals, re-typed rows, summaries of what may not ship.

`python -m tests.measured_models totals GRAPHS` reads the graphs in a folder and writes
`assets/measured/model_totals.csv`; with `--build` it first makes those that are missing, which takes PyTorch,
torchvision and timm (`pip install torchvision timm`), some 6 s a model, and no weights.
`python -m tests.measured_models rows` re-types what may be shipped from `../shared/data/measured`.
`python -m tests.measured_models summaries` holds the predictions against rows that may not be shipped.
"""
