# SPDX-License-Identifier: MIT
"""An ONNX model of one convolution, written by hand: small enough for any test."""
import struct


def field(number, value):
    """One protobuf field: a varint for integers, else bytes with their length."""
    def varint(n):
        out = b""
        while n > 127:
            out += bytes((n & 127 | 128,))
            n >>= 7
        return out + bytes((n,))
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name, shape):
    """ONNX ValueInfoProto of a float tensor."""
    dims = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def onnx():
    """ONNX: one 1x1 convolution, 8 to 8 channels, 8 by 8 pixels."""
    weights = struct.pack("<64f", *[(i % 13 - 6) / 8 for i in range(64)])
    node = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(3, b"the_conv") + \
        field(4, b"Conv")
    tensor = b"".join(field(1, size) for size in (8, 8, 1, 1)) + field(2, 1) + \
        field(8, b"w") + field(9, weights)
    graph = field(1, node) + field(2, b"small") + field(5, tensor) + \
        field(11, value_info(b"x", (1, 8, 8, 8))) + field(12, value_info(b"y", (1, 8, 8, 8)))
    return field(1, 8) + field(8, field(2, 13)) + field(7, graph)
