"""A remixing network of a few hundred numbers, for tests."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save

from engine.analysis.remix.net import RemixNet
from engine.analysis.remix.shape import Shape


def tiny_shape(model: int = 1, sources: int = 4) -> Shape:
    return Shape(sources, model, rate=8000, kernel=32, bottleneck=8, hidden=8, blocks=2, repeats=1)


def tiny(model: int = 1, sources: int = 4) -> RemixNet:
    """Return one whose numbers are by chance, but always the same."""
    torch.manual_seed(model)
    net = RemixNet(tiny_shape(model, sources))
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return net.requires_grad_(requires_grad=False).eval()


def written(file: Path, net: RemixNet) -> Path:
    """Write its weights and their card."""
    content = save(net.state_dict(), metadata={"shape": json.dumps(net.shape.described())})
    file.write_bytes(content)
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(content).hexdigest()}))
    return file
