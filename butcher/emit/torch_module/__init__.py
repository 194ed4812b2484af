"""A graph as the text of a `torch.nn.Module` a person would be glad to have written."""

from butcher.emit.torch_module.expressions import NotAFloatError
from butcher.emit.torch_module.header import Header
from butcher.emit.torch_module.module import emit_module

__all__ = ["Header", "NotAFloatError", "emit_module"]
