"""Exports a torchvision network with seeded random weights to ONNX, opset 15."""
import sys

import torch
import torchvision


def fill_zeros(network):
    """Gives tensors that torchvision starts at zero (the ViT head and class token) small random
    values, and normalisation statistics other than 0 and 1: an all-zero output would test
    nothing."""
    with torch.no_grad():
        for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
            if name.endswith("running_mean"):
                tensor.normal_(std=0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(0.8, 1.2)
            elif tensor.is_floating_point() and not tensor.any():
                tensor.normal_(std=0.02)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: export-torchvision.py NAME FILE")
    name, path = sys.argv[1:]
    torch.manual_seed(1234)
    network = getattr(torchvision.models, name)(weights=None).eval()
    fill_zeros(network)
    image = torch.zeros(1, 3, 224, 224)
    torch.onnx.export(network, image, path, opset_version=15,
                      input_names=["image"], output_names=["logits"])


if __name__ == "__main__":
    main()
