"""A step of training in PyTorch on the CPU: the same network, weights, batch and update as the side that it stands beside.

The weights come as tf.layers has them: kernels of convolutions [height, width, inputs, filters], of fully connected layers
[inputs, units]. Images are stored channels first here, as PyTorch does by default.
"""

import platform
import time

import numpy as np
import torch
import torch.nn.functional as F

from protocol import serve


def prepare(task):
    torch.set_num_threads(task["threads"])
    parameters = load_weights(task["files"]["weights"])
    batch = np.load(task["files"]["batch"])
    x = torch.from_numpy(batch["x"]).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(batch["y"].astype(np.int64))
    network = task["work"]["network"]
    forward = resnet if "stages" in network else vgg
    optimizer = torch.optim.SGD(
        [value for value in parameters.values() if value.requires_grad],
        lr=task["update"]["learningRate"],
        momentum=task["update"]["momentum"],
    )

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(network, parameters, x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    losses = []

    def perform(request):
        start = time.perf_counter()
        count = 0
        while True:
            loss = step()
            count += 1
            spent = time.perf_counter() - start
            if request == "warm":
                losses.append(loss)
                if count >= task["firstSteps"]:
                    break
            elif spent >= task["enoughSeconds"]:
                break
        return spent / count, spent, {"values": losses}

    return perform


def load_weights(path):
    return {name: as_parameter(name, value) for name, value in np.load(path).items()}


def as_parameter(name, value):
    if name.endswith("/kernel"):
        value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    return tensor.requires_grad_("/moving_" not in name)


def vgg(shape, parameters, x):
    convolutions = 0
    for part in shape["features"]:
        if part == "M":
            x = F.max_pool2d(x, 2)
            continue
        convolutions += 1
        name = f"conv{convolutions}"
        x = F.relu(convolution(parameters, name, x), inplace=True)
    # In the order of tf.layers: channels last.
    x = x.permute(0, 2, 3, 1).flatten(1)
    for i in range(1, len(shape["classifier"])):
        x = F.relu(dense(parameters, f"fc{i}_kernel", x), inplace=True)
    return dense(parameters, f"fc{len(shape['classifier'])}", x)


def resnet(shape, parameters, x):
    if shape["shortcut"] != "zeros":
        raise ValueError(f"shortcut: must be zeros, got {shape['shortcut']}")
    x = F.relu(convolution(parameters, "conv1", x), inplace=True)
    convolutions = 1
    for stage in shape["stages"]:
        for block in range(stage["blocks"]):
            stride = stage["stride"] if block == 0 else 1
            first, second = f"conv{convolutions + 1}", f"conv{convolutions + 2}"
            convolutions += 2
            residual = F.relu(convolution(parameters, first, x, stride), inplace=True)
            residual = convolution(parameters, second, residual)
            missing = stage["filters"] - x.shape[1]
            if stride > 1 or missing > 0:
                x = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, missing))
            x = F.relu(residual + x, inplace=True)
    return dense(parameters, "fc1", x.mean(dim=(2, 3)))


def convolution(parameters, name, x, stride=1):
    """With batch normalisation where the network has it."""
    kernel = parameters[f"{name}_kernel/kernel"]
    top, bottom = same_padding(x.shape[2], kernel.shape[2], stride)
    left, right = same_padding(x.shape[3], kernel.shape[3], stride)
    padding = (top, left)
    if (top, left) != (bottom, right):
        x = F.pad(x, (left, right, top, bottom))
        padding = 0
    x = F.conv2d(x, kernel, parameters.get(f"{name}_kernel/bias"), stride, padding)
    norm = f"{name}_norm"
    if f"{norm}/gamma" not in parameters:
        return x
    mean, variance, gamma, beta = (
        parameters[f"{norm}/{part}"] for part in ("moving_mean", "moving_variance", "gamma", "beta")
    )
    return F.batch_norm(x, mean, variance, gamma, beta, training=True, momentum=0.1, eps=1e-5)


def same_padding(size, kernel, stride):
    """Zeros before and after one axis, as TensorFlow counts them."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def dense(parameters, name, x):
    return F.linear(x, parameters[f"{name}/kernel"], parameters[f"{name}/bias"])


def environment():
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    serve(prepare, environment)
