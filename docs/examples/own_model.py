"""A model of your own, to export with

cutwise export docs/examples/own_model.py:build --out /tmp/own.pt2
"""

import torch


def build():
    """The model and the inputs it is run on; on the meta device it takes no memory."""
    with torch.device("meta"):
        model = torch.nn.TransformerEncoderLayer(256, nhead=4, dim_feedforward=1024, batch_first=True)
        return model, (torch.empty(1, 128, 256),)
