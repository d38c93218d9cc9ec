# SPDX-License-Identifier: MIT
"""Variants of ONNX networks, as others measured them.

The figures that the official compiler is known for come from Caffe's networks:
ResNet-50 there halves its resolution in the 1 x 1 convolution that opens a
block, not in the 3 x 3 one behind it; AlexNet and GoogLeNet are without LRN.
This rewrites a file's protocol buffers directly: fields of ModelProto,
GraphProto, NodeProto and AttributeProto by their numbers in onnx.proto.
"""

GRAPH, NODE = 7, 1
INPUT, OUTPUT, OP_TYPE, ATTRIBUTE = 1, 2, 4, 5
NAME, INTS = 1, 8


def read_varint(data, at):
    """Return a number and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varint(value):
    """Return a number's bytes."""
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def parse(data):
    """Return a message's fields: [number, wire type, content]."""
    fields, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        start = at
        if key & 7 == 0:
            value, at = read_varint(data, at)
        elif key & 7 == 2:
            length, at = read_varint(data, at)
            value = data[at:at + length]
            at += length
        else:
            at += 8 if key & 7 == 1 else 4
            value = data[start:at]
        fields.append([key >> 3, key & 7, value])
    return fields


def serialise(fields):
    """Return the bytes of a message."""
    out = bytearray()
    for number, kind, value in fields:
        out += varint(number << 3 | kind)
        if kind == 0:
            out += varint(value)
        else:
            out += varint(len(value)) + value if kind == 2 else value
    return bytes(out)


def values(fields, number):
    """Return the contents of a field that may be repeated."""
    return [value for which, _, value in fields if which == number]


def ints(node, name):
    """Return an attribute's list of numbers, or None."""
    for data in values(node, ATTRIBUTE):
        attribute = parse(data)
        if values(attribute, NAME) == [name]:
            found = values(attribute, INTS)
            if found and isinstance(found[0], bytes):
                return list(found[0])
            return found
    return None


def set_ints(node, name, numbers):
    """Set an attribute that is a list of numbers."""
    for field in node:
        if field[0] == ATTRIBUTE:
            attribute = parse(field[2])
            if values(attribute, NAME) == [name]:
                attribute = [f for f in attribute if f[0] != INTS]
                field[2] = serialise(attribute + [[INTS, 0, n] for n in numbers])


def skip_lrn(nodes):
    """Leave normalisations out: pass on what they read."""
    for node in nodes:
        if values(node, OP_TYPE) == [b"LRN"]:
            for field in node:
                if field[0] == OP_TYPE:
                    field[2] = b"Identity"
            node[:] = [field for field in node if field[0] != ATTRIBUTE]


def move_strides(nodes):
    """Halve the resolution in the 1 x 1 convolution before a 3 x 3 one that does."""
    makers = {name: node for node in nodes for name in values(node, OUTPUT)}
    for node in nodes:
        if (values(node, OP_TYPE) != [b"Conv"] or ints(node, b"kernel_shape") != [3, 3] or
                ints(node, b"strides") != [2, 2]):
            continue
        before = makers.get(values(node, INPUT)[0])
        while before and values(before, OP_TYPE) != [b"Conv"]:
            before = makers.get(values(before, INPUT)[0])
        if before and ints(before, b"kernel_shape") == [1, 1]:
            set_ints(node, b"strides", [1, 1])
            set_ints(before, b"strides", [2, 2])


def make_variant(data):
    """Return a model as the official compiler's figures have it."""
    model = parse(data)
    for field in model:
        if field[0] != GRAPH:
            continue
        graph = parse(field[2])
        nodes = [parse(value) for value in values(graph, NODE)]
        skip_lrn(nodes)
        move_strides(nodes)
        left = iter(nodes)
        for part in graph:
            if part[0] == NODE:
                part[2] = serialise(next(left))
        # Shapes of values between nodes no longer hold.
        field[2] = serialise([part for part in graph if part[0] != 13])
    return serialise(model)
