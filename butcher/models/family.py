"""Families: what the networks of a paper have in common, as defaults of the `[model]` table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Sample:
    """What a network is given and asked: images of `size` x `size`, or vectors, and classes."""

    in_channels: int = 3
    size: int = 32
    classes: int = 10

    def changed(self, **given: int | None) -> Sample:
        """With what is given in its place; None is not given."""
        return replace(self, **{key: n for key, n in given.items() if n is not None})


@dataclass(frozen=True)
class Family:
    """A family of networks.

    title      what a person calls it.
    source     where it is from.
    defaults   values of `[model]` that a table need not give.
    depths     the published depths that no budget gives, each with its own defaults.
    other      layers beside those of sub-nets: stem and classifier, as the paper counts.
    along      whether the paper counts layers along the longest path, not all of them.
    sample     the data of its paper, for a description where none is named.
    """

    title: str
    source: str
    defaults: Mapping[str, Any]
    depths: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    other: int = 2
    along: bool = False
    sample: Sample = Sample()


CIFAR = {"widths": [16, 32, 64]}
IMAGENET = {"widths": [64, 128, 256, 512], "stem": "imagenet", "transition": "projection-norm"}
IMAGENET_DEPTHS: dict[int, dict[str, Any]] = {
    18: {"blocks": [2, 2, 2, 2]},
    34: {"blocks": [3, 4, 6, 3]},
    50: {"blocks": [3, 4, 6, 3], "subnet": "bottleneck"},
    101: {"blocks": [3, 4, 23, 3], "subnet": "bottleneck"},
    152: {"blocks": [3, 8, 36, 3], "subnet": "bottleneck"},
}
PREACTIVATED = {
    "subnet": "preactivation",
    "stem": "conv",
    "final_norm": True,
}

FAMILIES: dict[str, Family] = {
    "resnet": Family(
        "ResNet",
        "He, Zhang, Ren, Sun (2016), arXiv:1512.03385, section 4.2",
        {**CIFAR, "scheme": "euler", "subnet": "postactivation", "post": "relu"},
    ),
    "resnet-imagenet": Family(
        "ResNet for ImageNet",
        "He, Zhang, Ren, Sun (2016), arXiv:1512.03385, table 1",
        {**IMAGENET, "scheme": "euler", "subnet": "postactivation", "post": "relu"},
        depths=IMAGENET_DEPTHS,
        sample=Sample(size=224, classes=1000),
    ),
    "preact-resnet": Family(
        "pre-activation ResNet",
        "He, Zhang, Ren, Sun (2016), arXiv:1603.05027",
        {**CIFAR, **PREACTIVATED, "scheme": "euler"},
    ),
    "wide-resnet": Family(
        "Wide ResNet",
        "Zagoruyko, Komodakis (2016), arXiv:1605.07146",
        {
            **CIFAR,
            **PREACTIVATED,
            "scheme": "euler",
            "stem_width": 16,
            "transition": "shared-activation",
        },
        other=4,  # the stem and three projections; the classifier is not counted
    ),
    "resnext": Family(
        "ResNeXt",
        "Xie, Girshick, Dollar, Tu, He (2017), arXiv:1611.05431, section 5.2",
        {
            "widths": [64, 128, 256],
            "scheme": "euler",
            "subnet": "grouped",
            "transition": "projection-norm",
            "post": "relu",
        },
    ),
    "ho-resnet": Family(
        "HO-ResNet",
        "Luo et al. (2021), arXiv:2103.15244",
        {"widths": [64], "subnet": "vgg"},
    ),
    "lm-resnet": Family(
        "LM-ResNet",
        "Lu, Zhong, Li, Dong (2018), arXiv:1710.10121",
        {**CIFAR, **PREACTIVATED, "scheme": "lm_resnet", "start": "restart"},
    ),
    "lm-resnext": Family(
        "LM-ResNeXt",
        "Lu, Zhong, Li, Dong (2018), arXiv:1710.10121, table 2",
        {
            "widths": [64, 128, 256],
            "scheme": "lm_resnet",
            "subnet": "grouped",
            "transition": "projection-norm",
            "post": "relu",
            "start": "repeat",
            "earlier": "separate",
        },
    ),
    "revnet": Family(
        "RevNet",
        "Gomez, Ren, Urtasun, Grosse (2017), arXiv:1707.04585",
        {
            "widths": [32, 64, 128],
            **PREACTIVATED,
            "stem": "conv-norm-relu",
            "activated": True,
            "scheme": "revnet",
            "start": "split",
            "transition": "average-pool",
            "reversible": True,
        },
    ),
    "second-order": Family(
        "second-order network",
        "Ruthotto, Haber (2018), arXiv:1804.04272; Chang et al. (2018), arXiv:1709.03698",
        {
            **CIFAR,
            **PREACTIVATED,
            "scheme": "second_order",
            "start": "repeat",
            "transition": "average-pool",
        },
    ),
    "multilevel": Family(
        "multi-level residual network",
        "Chang, Meng, Haber, Tung, Begert (2018), arXiv:1710.10348",
        {
            **CIFAR,
            **PREACTIVATED,
            "scheme": "euler",
            "h": 1.0,
            "stem": "conv-norm-relu",
            "activated": True,
        },
    ),
    "stochastic-depth": Family(
        "stochastic depth",
        "Huang, Sun, Liu, Sedra, Weinberger (2016), arXiv:1603.09382",
        {
            **CIFAR,
            "scheme": "stochastic_depth",
            "subnet": "postactivation",
            "post": "relu",
            "survival": 0.5,
        },
    ),
    "shake-shake": Family(
        "Shake-Shake",
        "Gastaldi (2017), arXiv:1705.07485",
        {
            "widths": [32, 64, 128],
            "stem": "conv-norm",
            "stem_width": 16,
            "scheme": "shake_shake",
            "subnet": "shake",
            "transition": "shifted",
        },
        along=True,
    ),
    "polynet": Family(
        "PolyNet",
        "Zhang, Li, Loy, Lin (2017), arXiv:1611.05725",
        {
            **CIFAR,
            "scheme": "polynet_poly2",
            "subnet": "postactivation",
            "transition": "neck",
        },
    ),
    "fractalnet": Family(
        "FractalNet",
        "Larsson, Maire, Shakhnarovich (2017), arXiv:1605.07648",
        {
            "widths": [64, 128, 256, 512, 512],
            "scheme": "fractal3",
            "subnet": {"kind": "conv", "times": 2},
            "subnets": {"join1": "conv", "join2": "conv", "join3": "conv"},
            "stem": "none",
            "transition": "max-pool",
            "blocks": 1,
        },
        other=0,
        along=True,
    ),
    "densenet": Family(
        "DenseNet, Euler in a space that grows",
        "Huang, Liu, van der Maaten, Weinberger (2017), arXiv:1608.06993",
        {
            "widths": [16, 16, 16],
            "growth": 12,
            "scheme": "euler",
            "subnet": "dense",
            "stem": "conv",
            "transition": "neck",
            "final_norm": True,
        },
        other=4,  # also the convolutions of two necks
    ),
    "transformer": Family(
        "transformer",
        "Vaswani et al. (2017); Dosovitskiy et al. (2021), arXiv:2010.11929",
        {
            "widths": [192],
            "stem": "patches-4",
            "scheme": "transformer",
            "subnet": "mlp",
            "subnets": {"attention": "attention", "feed_forward": "feed-forward"},
            "final_norm": True,
        },
    ),
    "mlp": Family(
        "residual perceptron",
        "He, Zhang, Ren, Sun (2016), arXiv:1512.03385, of vectors",
        {"widths": [64], "stem": "linear", "scheme": "euler", "subnet": "mlp", "final_norm": True},
    ),
}
