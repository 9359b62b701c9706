"""Reads and changes the nodes and weights of an ONNX graph, in place."""
import numpy as np


def replace(model, old, new):
    """Puts nodes in the place of others, and drops what nothing reads then."""
    place = list(model.graph.node).index(old[0])
    for node in old:
        model.graph.node.remove(node)
    for offset, node in enumerate(new):
        model.graph.node.insert(place + offset, node)
    drop_unused(model)


def drop_unused(model):
    """Removes nodes and weights that nothing reads: ONNX Runtime warns of them."""
    outputs = {output.name for output in model.graph.output}
    for node in reversed(list(model.graph.node)):
        if not any(name in outputs or readers_of(model, name)
                   for name in node.output):
            model.graph.node.remove(node)
    read = {name for node in model.graph.node for name in node.input}
    for weight in list(model.graph.initializer):
        if weight.name not in read:
            model.graph.initializer.remove(weight)


def weights_of(model):
    """Arrays by name."""
    from onnx import numpy_helper
    return {weight.name: numpy_helper.to_array(weight)
            for weight in model.graph.initializer}


def add_weights(model, values):
    """Adds arrays by name."""
    from onnx import numpy_helper
    for name, value in values.items():
        model.graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(value), name))


def attributes_of(node):
    """Values by name."""
    from onnx import helper
    return {each.name: helper.get_attribute_value(each)
            for each in node.attribute}


def readers_of(model, name):
    """The nodes that read a tensor."""
    return [node for node in model.graph.node if name in node.input]
