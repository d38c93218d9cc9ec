// SPDX-License-Identifier: MIT
/*
 * ONNX networks the way exporters of several years write them, and what ONNX
 * Runtime answers: attributes of every kind, operators of all versions, shapes
 * computed in the network, images with channels last.
 *
 * usage: node onnx_exports.mjs MODULES FIRST FOLDER [NAME]
 *
 *   FOLDER   receives N.float.* as onnx_networks.mjs writes them, N from FIRST on
 *   NAME     only those whose name contains it
 *
 * Prints how many there are.
 */
import { BOOL, FLOAT, INT32, INT64, Numbers, runtime } from './onnx_runtime.mjs';

const [modules, first, folder, only] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node onnx_exports.mjs MODULES FIRST FOLDER [NAME]');
	process.exit(2);
}
const { ort, tensor, floats, longs, node, value, model, write } = runtime(modules);
const numbers = new Numbers(7);
const product = list => list.reduce((a, b) => a * b, 1);

class Export {
	constructor(opset, dims)
	{
		Object.assign(this, { opset, dims, nodes: [], initializers: [], inputs: [], next: 0, shape: dims });
	}

	/* Returns the output's name, or a list of names. */
	op(type, inputs, attributes = {}, outputs = 1)
	{
		const names = Array.from({ length: outputs }, () => `v${this.next++}`);

		this.nodes.push(node(type, [inputs].flat(), names, attributes));
		return outputs === 1 ? names[0] : names;
	}

	keep(t) { this.initializers.push(t); return t.name; }
	name() { return `c${this.next++}`; }
	real(data, dims = [data.length]) { return this.keep(floats(this.name(), dims, data)); }
	scalar(x) { return this.real([x], []); }
	longs(...values) { return this.keep(longs(this.name(), values)); }
	long(value) { return this.keep(tensor(this.name(), INT64, [], BigInt64Array.of(BigInt(value)))); }
	/* As an operator instead of an initializer. */
	constant(...values) { return this.op('Constant', [], { value: longs('', values) }); }
	one(value) { return this.op('Constant', [], { value: tensor('', INT64, [], BigInt64Array.of(BigInt(value))) }); }

	weights(dims, fan = product(dims.slice(1)))
	{
		return this.real(Array.from({ length: product(dims) }, () => numbers.normal() / Math.sqrt(fan)), dims);
	}

	conv(x, from, to, kernel, attributes = {})
	{
		const group = attributes.group || 1;

		return this.op('Conv', [x, this.weights([to, from / group, kernel, kernel]), this.weights([to], 1)],
			       { kernel_shape: [kernel, kernel], ...attributes });
	}

	same(x, from, to, kernel, attributes = {})
	{
		const p = kernel >> 1;

		return this.conv(x, from, to, kernel, { pads: [p, p, p, p], ...attributes });
	}

	norm(x, channels, attributes = {})
	{
		const positive = () => this.real(Array.from({ length: channels }, () => 0.5 + numbers.random()));

		return this.op('BatchNormalization', [x, positive(), this.weights([channels], 1),
						      this.weights([channels], 1), positive()], attributes);
	}

	size(x, axis) { return this.op('Gather', [this.op('Shape', x), this.one(axis)], { axis: 0 }); }

	unsqueeze(x, axis)
	{
		return this.opset < 13 ? this.op('Unsqueeze', x, { axes: [axis] }) :
		       this.op('Unsqueeze', [x, this.constant(axis)]);
	}

	/* Numbers side by side: what a list of sizes becomes. */
	list(...parts)
	{
		return this.op('Concat', parts.map(p => (typeof p === 'number' ? this.constant(p) :
							  this.unsqueeze(p, 0))), { axis: 0 });
	}

	slice(x, axes, starts, ends, steps)
	{
		return this.op('Slice', [x, this.longs(...starts), this.longs(...ends), this.longs(...axes),
					 ...(steps ? [this.longs(...steps)] : [])]);
	}

	silu(x) { return this.op('Mul', [x, this.op('Sigmoid', x)]); }
	mish(x) { return this.op('Mul', [x, this.op('Tanh', this.op('Softplus', x))]); }

	attention(x, channels)
	{
		const mean = this.op('GlobalAveragePool', x);

		return this.op('Mul', [x, this.op('Sigmoid', this.conv(this.op('Relu',
			this.conv(mean, channels, 4, 1)), 4, channels, 1))]);
	}

	clip(x, low, high)
	{
		return this.opset < 11 ? this.op('Clip', x, { min: { float: low }, max: { float: high } }) :
		       this.op('Clip', [x, this.scalar(low), this.scalar(high)]);
	}
}

const networks = [];
const network = (name, opset, dims, build) => networks.push({ name, opset, dims, build });

/* ----------------------------------------------------------- windows and padding */

for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER', 'VALID'])
	for (const strides of [[1, 1], [2, 2], [3, 2]]) {
		network(`Conv ${auto_pad} ${strides}`, 11, [1, 5, 11, 14], (g, x) =>
			g.conv(x, 5, 7, 3, { auto_pad, strides }));
		network(`depthwise ${auto_pad} ${strides}`, 13, [1, 6, 11, 14], (g, x) =>
			g.conv(x, 6, 6, 4, { auto_pad, strides, group: 6 }));
		network(`MaxPool ${auto_pad} ${strides}`, 12, [1, 5, 11, 14], (g, x) =>
			g.op('MaxPool', x, { kernel_shape: [3, 4], auto_pad, strides }));
		network(`AveragePool ${auto_pad} ${strides}`, 11, [1, 5, 11, 14], (g, x) =>
			g.op('AveragePool', x, { kernel_shape: [3, 4], auto_pad, strides }));
		network(`ConvTranspose ${auto_pad} ${strides}`, 11, [1, 5, 6, 7], (g, x) =>
			g.op('ConvTranspose', [x, g.weights([5, 4, 3, 3])], { auto_pad, strides }));
	}
network('Conv pads of four sizes', 11, [1, 4, 9, 10], (g, x) => g.conv(x, 4, 6, 3, { pads: [0, 2, 1, 0], strides: [2, 1] }));
network('Conv pads larger than the kernel', 11, [1, 4, 9, 10], (g, x) => g.conv(x, 4, 6, 3, { pads: [4, 5, 3, 6] }));
network('Conv grouped, dilated', 11, [1, 12, 13, 12], (g, x) => g.same(x, 12, 18, 3, { group: 3, dilations: [2, 2], pads: [2, 2, 2, 2] }));
network('Conv without kernel_shape', 7, [1, 4, 8, 8], (g, x) => g.op('Conv', [x, g.weights([3, 4, 3, 3])]));
network('Conv of one dimension', 11, [1, 10, 40], (g, x) =>
	g.op('Relu', g.op('Conv', [x, g.weights([12, 10, 5]), g.weights([12], 1)], { strides: [2], pads: [1, 2] })));
network('pools of one dimension', 11, [1, 10, 40], (g, x) =>
	g.op('AveragePool', g.op('MaxPool', x, { kernel_shape: [3], strides: [2], pads: [1, 0] }), { kernel_shape: [4] }));
network('depthwise of one dimension', 11, [1, 10, 40], (g, x) =>
	g.op('Conv', [x, g.weights([10, 1, 9])], { group: 10, pads: [4, 4], dilations: [1] }));
for (const ceil_mode of [0, 1])
	for (const pads of [[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 1]]) {
		network(`MaxPool ceil_mode ${ceil_mode} ${pads}`, 12, [1, 4, 10, 13], (g, x) =>
			g.op('MaxPool', x, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode, pads }));
		for (const count_include_pad of [0, 1])
			network(`AveragePool ceil_mode ${ceil_mode} ${pads} include ${count_include_pad}`, 19, [1, 4, 10, 13], (g, x) =>
				g.op('AveragePool', x, { kernel_shape: [3, 2], strides: [2, 3], ceil_mode, pads, count_include_pad }));
	}
network('MaxPool dilated', 12, [1, 4, 13, 12], (g, x) => g.op('MaxPool', x, { kernel_shape: [3, 2], dilations: [2, 3] }));
network('MaxPool 13, stride 1', 12, [1, 4, 16, 16], (g, x) => g.op('MaxPool', x, { kernel_shape: [13, 13], pads: [6, 6, 6, 6] }));
network('ConvTranspose output_padding', 11, [1, 4, 6, 7], (g, x) =>
	g.op('ConvTranspose', [x, g.weights([4, 5, 3, 3]), g.weights([5], 1)], { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] }));
network('ConvTranspose output_shape', 11, [1, 4, 6, 7], (g, x) =>
	g.op('ConvTranspose', [x, g.weights([4, 5, 3, 3])], { strides: [2, 2], output_shape: [12, 15] }));
network('ConvTranspose grouped', 11, [1, 4, 6, 7], (g, x) =>
	g.op('ConvTranspose', [x, g.weights([4, 3, 2, 2])], { strides: [2, 2], group: 2 }));
network('ConvTranspose dilated', 11, [1, 4, 6, 7], (g, x) =>
	g.op('ConvTranspose', [x, g.weights([4, 3, 3, 3])], { strides: [2, 1], dilations: [2, 2] }));
network('ConvTranspose depthwise', 11, [1, 4, 6, 7], (g, x) =>
	g.op('ConvTranspose', [x, g.weights([4, 1, 4, 4])], { strides: [2, 2], group: 4, pads: [1, 1, 1, 1] }));
network('Pad reflect then Conv', 11, [1, 3, 9, 9], (g, x) =>
	g.conv(g.op('Pad', [x, g.longs(0, 0, 1, 2, 0, 0, 2, 1)], { mode: 'reflect' }), 3, 4, 3));
network('Pad edge', 13, [1, 3, 9, 9], (g, x) => g.op('Pad', [x, g.longs(0, 0, 1, 2, 0, 0, 2, 1)], { mode: 'edge' }));
network('Pad with axes', 18, [1, 3, 9, 9], (g, x) => g.op('Pad', [x, g.longs(1, 0, 0, 2), g.scalar(0.5), g.longs(-1, 2)]));
network('Pad negative', 13, [1, 3, 9, 9], (g, x) => g.op('Pad', [x, g.longs(0, 0, -1, 2, 0, 0, 2, -3)]));
network('Pad of version 2', 2, [1, 3, 9, 9], (g, x) => g.op('Pad', x, { pads: [0, 1, 1, 0, 0, 0, 2, 1], value: { float: -1 } }));
network('Pad of channels', 11, [1, 3, 9, 9], (g, x) => g.op('Pad', [x, g.longs(0, 0, 0, 0, 0, 5, 0, 0)]));

/* ------------------------------------------------------- operators of all versions */

network('Clip of version 6', 6, [1, 3, 5, 5], (g, x) => g.clip(x, -0.5, 1));
network('Clip without minimum', 13, [1, 3, 5, 5], (g, x) => g.op('Clip', [x, '', g.scalar(0.7)]));
network('Clip without bounds', 13, [1, 3, 5, 5], (g, x) => g.op('Clip', x));
network('Slice of version 1', 9, [1, 6, 9, 9], (g, x) => g.op('Slice', x, { axes: [1, 3], starts: [1, -5], ends: [4, 100] }));
network('Slice backwards', 13, [1, 6, 9, 9], (g, x) => g.slice(x, [2, 1], [-1, 4], [-100, 0], [-2, -1]));
network('Slice from the end', 11, [1, 6, 9, 9], (g, x) => g.slice(x, [-1], [-4], [-1]));
network('Slice with int32', 11, [1, 6, 9, 9], (g, x) =>
	g.op('Slice', [x, ...[[1, 2], [5, 9], [1, 2], [2, 3]].map(v => g.keep(tensor(g.name(), INT32, [2], Int32Array.from(v))))]));
network('focus', 11, [1, 3, 12, 16], (g, x) => {
	const part = (i, j) => g.slice(g.slice(x, [2], [i], [9223372036854775000n], [2]), [3], [j], [9223372036854775000n], [2]);

	return g.same(g.op('Concat', [part(0, 0), part(1, 0), part(0, 1), part(1, 1)], { axis: 1 }), 12, 8, 3);
});
network('Split of version 2', 11, [1, 7, 5, 5], (g, x) => {
	const [a, b] = g.op('Split', x, { axis: 1, split: [3, 4] }, 2);

	return g.op('Concat', [b, a], { axis: 1 });
});
network('Split of version 13', 13, [1, 8, 5, 5], (g, x) => {
	const [a, b] = g.op('Split', [x, g.longs(2, 6)], { axis: -3 }, 2);

	return g.op('Concat', [b, a], { axis: -3 });
});
network('Split of version 18', 18, [1, 8, 5, 5], (g, x) => {
	const [a, b, c] = g.op('Split', x, { axis: 1, num_outputs: 3 }, 3);

	return g.op('Concat', [c, a, b], { axis: 1 });
});
network('Split without sizes', 13, [1, 9, 5, 5], (g, x) => {
	const [a, b, c] = g.op('Split', x, { axis: 1 }, 3);

	return g.op('Add', [g.op('Mul', [a, b]), c]);
});
network('Squeeze and Unsqueeze of version 11', 11, [1, 6, 1, 8], (g, x) =>
	g.op('Unsqueeze', g.op('Squeeze', x, { axes: [0, -2] }), { axes: [0, 3] }));
network('Squeeze and Unsqueeze of version 13', 13, [1, 6, 1, 8], (g, x) =>
	g.op('Unsqueeze', [g.op('Squeeze', [x, g.longs(2)]), g.longs(-1, 1)]));
network('Squeeze of all', 13, [1, 6, 1, 8], (g, x) => g.op('Relu', g.op('Squeeze', x)));
network('ReduceMean with attributes', 11, [1, 6, 7, 8], (g, x) => g.op('ReduceMean', x, { axes: [-1, -2], keepdims: 0 }));
network('ReduceMean with an input', 18, [1, 6, 7, 8], (g, x) => g.op('ReduceMean', [x, g.longs(2, 3)], { keepdims: 1 }));
network('ReduceMean of channels', 13, [1, 6, 7, 8], (g, x) => g.op('ReduceMean', x, { axes: [1] }));
network('ReduceSum with an input', 13, [1, 6, 7, 8], (g, x) => g.op('ReduceSum', [x, g.longs(-1)], { keepdims: 0 }));
network('ReduceMax and ReduceMean of channels', 13, [1, 6, 7, 8], (g, x) =>
	g.op('Mul', [x, g.op('Sigmoid', g.same(g.op('Concat', [g.op('ReduceMean', x, { axes: [1] }),
							       g.op('ReduceMax', x, { axes: [1] })], { axis: 1 }), 2, 1, 7))]));
network('ReduceL2', 13, [1, 6, 7, 8], (g, x) =>
	g.op('Div', [x, g.op('Clip', [g.op('ReduceL2', x, { axes: [1], keepdims: 1 }), g.scalar(1e-12)])]));
network('BatchNormalization of version 7', 7, [1, 6, 7, 8], (g, x) => g.norm(x, 6, { epsilon: { float: 0.01 }, momentum: { float: 0.9 } }));
network('BatchNormalization of version 15', 15, [1, 6, 7, 8], (g, x) => g.norm(g.same(x, 6, 6, 3), 6, { training_mode: 0 }));
network('BatchNormalization before Conv', 13, [1, 6, 7, 8], (g, x) => g.same(g.op('Relu', g.norm(x, 6)), 6, 9, 3));
network('BatchNormalization of a matrix', 9, [1, 12], (g, x) =>
	g.norm(g.op('Gemm', [x, g.weights([12, 9], 12), g.weights([9], 1)]), 9));
network('BatchNormalization of sequences', 9, [1, 12, 20], (g, x) => g.norm(g.op('Conv', [x, g.weights([9, 12, 3])]), 9));
network('InstanceNormalization', 13, [1, 6, 7, 8], (g, x) =>
	g.op('Relu', g.op('InstanceNormalization', [g.same(x, 6, 5, 3), g.weights([5], 1), g.weights([5], 1)], { epsilon: { float: 1e-4 } })));
network('LayerNormalization', 17, [1, 6, 10], (g, x) =>
	g.op('LayerNormalization', [x, g.weights([10], 1), g.weights([10], 1)], { axis: -1, epsilon: { float: 1e-5 } }));
network('LayerNormalization in parts', 13, [1, 6, 10], (g, x) => {
	const centred = g.op('Sub', [x, g.op('ReduceMean', x, { axes: [-1] })]);
	const variance = g.op('ReduceMean', g.op('Pow', [centred, g.scalar(2)]), { axes: [-1] });

	return g.op('Add', [g.op('Mul', [g.op('Div', [centred, g.op('Sqrt', g.op('Add', [variance, g.scalar(1e-5)]))]),
					 g.weights([10], 1)]), g.weights([10], 1)]);
});
network('Dropout of version 7', 7, [1, 6, 7, 8], (g, x) => g.op('Relu', g.op('Dropout', x, { ratio: { float: 0.4 } }, 2)[0]));
network('Dropout of version 12', 12, [1, 6, 7, 8], (g, x) =>
	g.op('Relu', g.op('Dropout', [x, g.scalar(0.4), g.keep(tensor(g.name(), BOOL, [], Uint8Array.of(0)))])));
network('Softmax of version 11', 11, [1, 6, 3, 4], (g, x) => g.op('Softmax', x, { axis: 1 }));
network('Softmax of version 13', 13, [1, 6, 3, 4], (g, x) => g.op('Softmax', x, { axis: 1 }));
network('LogSoftmax', 13, [1, 6, 3, 4], (g, x) => g.op('LogSoftmax', x));
network('ArgMax', 13, [1, 6, 7, 8], (g, x) => g.op('Cast', g.op('ArgMax', x, { axis: 1, keepdims: 0 }), { to: FLOAT }));
network('Flatten of axis 0', 9, [1, 6, 2, 2], (g, x) => g.op('Flatten', x, { axis: 0 }));
network('Identity everywhere', 13, [1, 6, 7, 8], (g, x) => g.op('Identity', g.same(g.op('Identity', x), 6, 4, g.one ? 3 : 1)));
network('Sum, Max, Min and Mean of several', 13, [1, 6, 7, 8], (g, x) => {
	const a = g.same(x, 6, 6, 3), b = g.same(x, 6, 6, 1);

	return g.op('Sum', [g.op('Max', [a, b, x]), g.op('Min', [x, a, b]), g.op('Mean', [a, b, x]), g.op('Sum', [b])]);
});
network('Sub and Div from constants', 13, [1, 6, 7, 8], (g, x) =>
	g.op('Sub', [g.scalar(1), g.op('Div', [g.scalar(2), g.op('Add', [g.op('Abs', x), g.scalar(1)])])]));
network('normalised input', 11, [1, 3, 16, 16], (g, x) =>
	g.same(g.op('Div', [g.op('Sub', [g.op('Div', [x, g.scalar(255)]), g.real([0.485, 0.456, 0.406], [1, 3, 1, 1])]),
			    g.real([0.229, 0.224, 0.225], [1, 3, 1, 1])]), 3, 8, 3, { strides: [2, 2] }));
network('Pow with a whole number', 13, [1, 6, 7, 8], (g, x) => g.op('Pow', [x, g.keep(tensor(g.name(), INT64, [], BigInt64Array.of(2n)))]));
network('Where with a constant', 13, [1, 1, 6, 6], (g, x) =>
	g.op('Where', [g.keep(tensor(g.name(), BOOL, [6, 6], Uint8Array.from({ length: 36 }, (_, i) => i % 3 === 0))), x, g.scalar(-1)]));
network('PRelu of all versions', 9, [1, 6, 7, 8], (g, x) =>
	g.op('Add', [g.op('PRelu', [x, g.weights([6, 1, 1], 1)]), g.op('PRelu', [x, g.weights([1], 1)])]));
network('activations', 16, [1, 6, 7, 8], (g, x) => g.op('Sum', [g.silu(x), g.mish(x), g.op('HardSwish', x),
	g.op('HardSigmoid', x, { alpha: { float: 1 / 6 } }), g.op('Elu', x), g.op('Selu', x), g.op('Celu', x, { alpha: { float: 2 } }),
	g.op('Softsign', x), g.op('LeakyRelu', x)]));
network('hard swish in parts', 11, [1, 6, 7, 8], (g, x) =>
	g.op('Div', [g.op('Mul', [x, g.clip(g.op('Add', [x, g.scalar(3)]), 0, 6)]), g.scalar(6)]));
network('gelu in parts', 13, [1, 6, 7, 8], (g, x) =>
	g.op('Mul', [g.op('Mul', [x, g.op('Add', [g.op('Erf', g.op('Div', [x, g.scalar(Math.SQRT2)])), g.scalar(1)])]), g.scalar(0.5)]));
network('Gemm transA, alpha, beta', 11, [12, 1], (g, x) =>
	g.op('Gemm', [x, g.weights([12, 9], 12), g.weights([1, 9], 1)], { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } }));
network('Gemm transB, scalar bias', 13, [1, 12], (g, x) => g.op('Gemm', [x, g.weights([9, 12]), g.scalar(0.3)], { transB: 1 }));
network('Gemm without bias', 13, [1, 12], (g, x) => g.op('Relu', g.op('Gemm', [x, g.weights([9, 12])], { transB: 1 })));
network('MatMul and Add', 13, [1, 5, 12], (g, x) => g.op('Add', [g.weights([9], 1), g.op('MatMul', [x, g.weights([12, 9], 12)])]));
network('MatMul of a stack', 13, [1, 2, 5, 12], (g, x) => g.op('MatMul', [x, g.weights([2, 12, 9], 12)]));
network('MatMul with constant first', 13, [1, 12, 5], (g, x) => g.op('MatMul', [g.weights([9, 12]), x]));

/* -------------------------------------------------------------------- resizing */

network('Upsample of version 7', 7, [1, 4, 6, 7], (g, x) => g.op('Upsample', x, { mode: 'nearest', scales: [] }));
networks[networks.length - 1].build = (g, x) => {
	g.nodes.push(node('Upsample', [x], ['up'], { mode: 'nearest' }));
	g.nodes[g.nodes.length - 1].attribute.push({ name: 'scales', type: 6, floats: [1, 1, 2, 2] });
	return 'up';
};
network('Upsample of version 9', 9, [1, 4, 6, 7], (g, x) => g.op('Upsample', [x, g.real([1, 1, 2, 3])], { mode: 'linear' }));
network('Resize of version 10', 10, [1, 4, 6, 7], (g, x) => g.op('Resize', [x, g.real([1, 1, 2, 2])], { mode: 'linear' }));
for (const mode of ['nearest', 'linear'])
	for (const transform of ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'])
		for (const size of [[12, 14], [9, 21], [3, 4]])
			network(`Resize ${mode} ${transform} ${size}`, 13, [1, 4, 6, 7], (g, x) =>
				g.op('Resize', [x, '', '', g.longs(1, 4, ...size)], { mode, coordinate_transformation_mode: transform,
					...(mode === 'nearest' ? { nearest_mode: 'round_prefer_ceil' } : {}) }));
network('Resize with an empty region', 11, [1, 4, 6, 7], (g, x) =>
	g.op('Resize', [x, g.real([], [0]), g.real([1, 1, 2, 2])], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }));
network('Resize with axes', 18, [1, 4, 6, 7], (g, x) =>
	g.op('Resize', [x, '', g.real([2, 2])], { mode: 'linear', axes: [2, 3] }));
network('Resize, aspect ratio kept', 18, [1, 4, 6, 8], (g, x) =>
	g.op('Resize', [x, '', '', g.longs(12, 20)], { mode: 'nearest', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }));
network('Resize tf_half_pixel_for_nn', 11, [1, 4, 6, 7], (g, x) =>
	g.op('Resize', [x, g.real([], [0]), g.real([], [0]), g.longs(1, 4, 12, 14)],
	     { mode: 'nearest', coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' }));
network('Resize to a computed size', 11, [1, 4, 6, 7], (g, x) => {
	const twice = axis => g.op('Cast', g.op('Floor', g.op('Mul', [g.op('Cast', g.size(x, axis), { to: FLOAT }), g.scalar(2)])), { to: INT64 });
	const sizes = g.op('Concat', [g.op('Slice', [g.op('Shape', x), g.constant(0), g.constant(2), g.constant(0)]),
				      g.list(twice(2), twice(3))], { axis: 0 });

	return g.op('Resize', [x, g.op('Constant', [], { value: floats('', [0], []) }),
			       g.op('Constant', [], { value: floats('', [0], []) }), sizes],
		    { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' });
});
network('Resize to the size of another', 13, [1, 4, 12, 14], (g, x) => {
	const small = g.op('MaxPool', x, { kernel_shape: [2, 2], strides: [2, 2] });
	const sizes = g.op('Concat', [g.op('Slice', [g.op('Shape', small), g.constant(0), g.constant(2)]),
				      g.op('Slice', [g.op('Shape', x), g.constant(2), g.constant(4)])], { axis: 0 });

	return g.op('Add', [x, g.op('Resize', [small, '', '', sizes], { mode: 'nearest' })]);
});

/* ------------------------------------------------------- shapes that are computed */

network('view(size(0), -1)', 11, ['batch', 6, 4, 4], (g, x) => {
	const flat = g.op('Reshape', [x, g.list(g.size(x, 0), -1)]);

	return g.op('Gemm', [flat, g.weights([10, 96]), g.weights([10], 1)], { transB: 1 });
});
network('channel shuffle', 11, ['N', 12, 6, 6], (g, x) => {
	const [n, c, h, w] = [0, 1, 2, 3].map(axis => g.size(x, axis));
	const groups = g.op('Div', [c, g.one(3)]);
	const apart = g.op('Reshape', [x, g.list(n, 3, groups, h, w)]);

	return g.op('Reshape', [g.op('Transpose', apart, { perm: [0, 2, 1, 3, 4] }), g.list(n, -1, h, w)]);
});
network('Expand to a shape with -1', 13, [1, 1, 1, 8], (g, x) => {
	const wanted = g.list(-1, 4, g.size(x, 2), g.size(x, 3));
	const ones = g.op('ConstantOfShape', g.constant(4), { value: longs('', [1]) });
	const minus = g.op('Mul', [ones, g.one(-1)]);

	return g.op('Expand', [x, g.op('Where', [g.op('Equal', [wanted, minus]), ones, wanted])]);
});
network('grid from Range', 13, [1, 2, 5, 6], (g, x) => {
	const range = axis => g.op('Cast', g.op('Range', [g.one(0), g.size(x, axis), g.one(1)]), { to: FLOAT });
	const rows = g.op('Reshape', [range(2), g.longs(1, 1, -1, 1)]), columns = g.op('Reshape', [range(3), g.longs(1, 1, 1, -1)]);
	const shape = g.list(1, 1, g.size(x, 2), g.size(x, 3));
	const grid = g.op('Concat', [g.op('Expand', [columns, shape]), g.op('Expand', [rows, shape])], { axis: 1 });

	return g.op('Mul', [g.op('Add', [g.op('Sigmoid', x), grid]), g.scalar(8)]);
});
network('comparisons of sizes', 13, [1, 2, 5, 6], (g, x) => {
	const wide = g.op('Greater', [g.size(x, 3), g.size(x, 2)]);
	const both = g.op('And', [wide, g.op('Not', g.op('Less', [g.size(x, 3), g.one(2)]))]);
	const scale = g.op('Where', [g.op('Or', [both, wide]), g.scalar(2), g.scalar(3)]);

	return g.op('Mul', [x, g.op('Mul', [scale, g.op('Cast', both, { to: FLOAT })])]);
});
network('crop to the middle', 13, [1, 3, 12, 15], (g, x) => {
	const from = axis => g.op('Div', [g.op('Sub', [g.size(x, axis), g.one(8)]), g.one(2)]);
	const starts = g.list(from(2), from(3));

	return g.op('Slice', [x, starts, g.op('Add', [starts, g.one(8)]), g.longs(2, 3)]);
});
network('padding to a multiple', 13, [1, 3, 13, 15], (g, x) => {
	const missing = axis => g.op('Mod', [g.op('Sub', [g.one(8), g.op('Mod', [g.size(x, axis), g.one(8)])]), g.one(8)]);
	const ends = g.list(missing(2), missing(3));

	return g.same(g.op('Pad', [x, g.op('Concat', [g.constant(0, 0, 0, 0, 0, 0), ends], { axis: 0 })]), 3, 4, 3);
});
network('torch.nn.functional.pad', 11, [1, 3, 9, 8], (g, x) => {
	/* Pairs from the last dimension on, as the tracer turns them round. */
	const pairs = g.op('Reshape', [g.op('Concat', [g.constant(1, 2, 0, 1), g.op('ConstantOfShape', g.constant(4), { value: longs('', [0]) })], { axis: 0 }), g.constant(-1, 2)]);
	const turned = g.op('Transpose', g.op('Slice', [pairs, g.constant(-1), g.constant(-9223372036854775000n), g.constant(0), g.constant(-1)]), { perm: [1, 0] });

	return g.op('Pad', [x, g.op('Cast', g.op('Reshape', [turned, g.constant(-1)]), { to: INT64 }), g.scalar(0)], { mode: 'constant' });
});
network('numel', 13, [1, 3, 4, 5], (g, x) => g.op('Div', [x, g.op('Cast', g.op('Size', x), { to: FLOAT })]));
network('Tile and Expand of a vector', 13, [1, 6], (g, x) => {
	const image = g.op('Unsqueeze', [x, g.longs(2, 3)]);

	return g.op('Add', [g.op('Tile', [image, g.longs(1, 1, 3, 4)]), g.op('Expand', [image, g.longs(1, 6, 3, 4)])]);
});
network('reshape with zeros', 13, [1, 6, 4, 4], (g, x) => g.op('Reshape', [x, g.longs(0, 0, -1)]));
network('triangular mask', 14, [1, 5, 5], (g, x) => {
	const mask = g.op('Trilu', g.op('ConstantOfShape', g.constant(5, 5), { value: floats('', [1], [-100]) }), { upper: 1 });

	return g.op('Softmax', g.op('Add', [x, mask]));
});
network('CastLike', 15, [1, 5, 5], (g, x) => g.op('Mul', [x, g.op('CastLike', [g.size(x, 1), x])]));

/* ------------------------------------------------------------- whole architectures */

network('inverted residuals', 11, ['batch_size', 3, 32, 32], (g, x) => {
	const relu6 = v => g.clip(v, 0, 6);
	let y = relu6(g.norm(g.same(x, 3, 16, 3, { strides: [2, 2] }), 16));

	for (const [from, to, stride] of [[16, 24, 2], [24, 24, 1], [24, 32, 2]]) {
		const wide = relu6(g.norm(g.conv(y, from, 4 * from, 1), 4 * from));
		const deep = relu6(g.norm(g.same(wide, 4 * from, 4 * from, 3, { group: 4 * from, strides: [stride, stride] }), 4 * from));
		const thin = g.norm(g.conv(deep, 4 * from, to, 1), to);

		y = from === to && stride === 1 ? g.op('Add', [y, thin]) : thin;
	}
	return g.op('Gemm', [g.op('Flatten', g.op('GlobalAveragePool', y)), g.weights([10, 32]), g.weights([10], 1)], { transB: 1 });
});
network('squeeze and excitation with silu', 13, [1, 3, 24, 24], (g, x) => {
	let y = g.silu(g.same(x, 3, 16, 3, { strides: [2, 2] }));

	for (let i = 0; i < 2; i++) {
		const deep = g.silu(g.same(g.silu(g.conv(y, 16, 32, 1)), 32, 32, 5, { group: 32 }));

		y = g.op('Add', [y, g.conv(g.attention(deep, 32), 32, 16, 1)]);
	}
	return g.op('Softmax', g.op('Gemm', [g.op('Squeeze', [g.op('ReduceMean', y, { axes: [2, 3] }), g.longs(2, 3)]),
					     g.weights([16, 12], 16)]));
});
network('detector', 13, ['batch', 3, 32, 32], (g, x) => {
	const block = (v, from, to, stride) => g.silu(g.norm(g.same(v, from, to, 3, { strides: [stride, stride] }), to));
	const a = block(block(x, 3, 8, 2), 8, 16, 2), b = block(a, 16, 32, 2);
	const pooled = [5, 9, 13].map(k => g.op('MaxPool', b, { kernel_shape: [k, k], pads: Array(4).fill(k >> 1) }));
	const spp = g.conv(g.op('Concat', [b, ...pooled], { axis: 1 }), 128, 16, 1);
	const up = g.op('Resize', [spp, '', g.real([1, 1, 2, 2])], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
	const head = g.conv(g.op('Concat', [up, a], { axis: 1 }), 32, 21, 1);
	const cells = g.op('Transpose', g.op('Reshape', [head, g.list(g.size(head, 0), 3, 7, g.size(head, 2), g.size(head, 3))]), { perm: [0, 1, 3, 4, 2] });
	const [place, extent, rest] = g.op('Split', [g.op('Sigmoid', cells), g.longs(2, 2, 3)], { axis: 4 }, 3);
	const box = g.op('Mul', [g.op('Pow', [g.op('Mul', [extent, g.scalar(2)]), g.scalar(2)]), g.real([1, 2, 2, 3, 3, 2], [1, 3, 1, 1, 2])]);

	return g.op('Reshape', [g.op('Concat', [g.op('Mul', [g.op('Sub', [g.op('Mul', [place, g.scalar(2)]), g.scalar(0.5)]), g.scalar(8)]), box, rest], { axis: 4 }),
				g.list(g.size(head, 0), -1, 7)]);
});
network('segmenter', 13, [1, 3, 24, 24], (g, x) => {
	const a = g.op('Relu', g.same(x, 3, 8, 3)), b = g.op('Relu', g.same(g.op('MaxPool', a, { kernel_shape: [2, 2], strides: [2, 2] }), 8, 16, 3));
	const dilated = [1, 2, 3].map(d => g.op('Relu', g.conv(b, 16, 8, 3, { dilations: [d, d], pads: [d, d, d, d] })));
	const mean = g.op('Resize', [g.conv(g.op('GlobalAveragePool', b), 16, 8, 1), '', '', g.longs(1, 8, 12, 12)], { mode: 'linear', coordinate_transformation_mode: 'align_corners' });
	const up = g.op('ConvTranspose', [g.conv(g.op('Concat', [...dilated, mean], { axis: 1 }), 32, 8, 1), g.weights([8, 8, 2, 2])], { strides: [2, 2] });

	return g.op('Softmax', g.op('Transpose', g.conv(g.op('Concat', [up, a], { axis: 1 }), 16, 3, 1), { perm: [0, 2, 3, 1] }), { axis: 3 });
});
network('super resolution', 11, [1, 1, 20, 20], (g, x) => {
	const y = g.same(g.op('Tanh', g.same(g.op('Tanh', g.same(x, 1, 16, 5)), 16, 16, 3)), 16, 9, 3);
	const apart = g.op('Reshape', [y, g.constant(-1, 1, 3, 3, 20, 20)]);

	return g.op('Reshape', [g.op('Transpose', apart, { perm: [0, 1, 4, 2, 5, 3] }), g.constant(-1, 1, 60, 60)]);
});
network('keyword spotter', 13, [1, 1, 49, 10], (g, x) => {
	let y = g.op('Relu', g.op('Conv', [x, g.weights([16, 1, 10, 4]), g.weights([16], 1)], { strides: [2, 2], auto_pad: 'SAME_UPPER' }));

	for (let i = 0; i < 2; i++)
		y = g.op('Relu', g.conv(g.op('Relu', g.conv(y, 16, 16, 3, { group: 16, auto_pad: 'SAME_UPPER' })), 16, 16, 1));
	return g.op('Softmax', g.op('Gemm', [g.op('Flatten', g.op('AveragePool', y, { kernel_shape: [25, 5] })), g.weights([12, 16]), g.weights([12], 1)], { transB: 1 }));
});
network('channels last around', 13, [1, 16, 16, 3], (g, x) => {
	const image = g.op('Transpose', x, { perm: [0, 3, 1, 2] });
	const a = g.clip(g.conv(image, 3, 8, 3, { auto_pad: 'SAME_UPPER', strides: [2, 2] }), 0, 6);
	const b = g.op('Add', [a, g.conv(g.op('Pad', [a, g.longs(0, 0, 1, 1, 0, 0, 1, 1)]), 8, 8, 3)]);
	const last = g.op('Transpose', b, { perm: [0, 2, 3, 1] });

	return g.op('Reshape', [g.op('Sigmoid', g.op('Add', [last, g.weights([8], 1)])), g.longs(1, -1, 4)]);
});
network('attention of patches', 13, [1, 3, 16, 16], (g, x) => {
	const patches = g.op('Transpose', g.op('Reshape', [g.conv(x, 3, 8, 4, { strides: [4, 4] }), g.longs(1, 8, 16)]), { perm: [0, 2, 1] });
	const part = () => g.op('Transpose', g.op('Reshape', [g.op('Add', [g.op('MatMul', [patches, g.weights([8, 8])]), g.weights([8], 1)]), g.longs(1, 16, 2, 4)]), { perm: [0, 2, 1, 3] });
	const weight = g.op('Softmax', g.op('Div', [g.op('MatMul', [part(), g.op('Transpose', part(), { perm: [0, 1, 3, 2] })]), g.scalar(2)]), { axis: -1 });

	return g.op('Reshape', [g.op('Transpose', g.op('MatMul', [weight, part()]), { perm: [0, 2, 1, 3] }), g.longs(1, 16, 8)]);
});

/* ------------------------------------------------------------------------ main */

const chosen = networks.filter(n => !only || n.name.includes(only));
let written = 0;

for (const { name, opset, dims, build } of chosen) {
	const g = new Export(opset, dims), y = build(g, 'x');
	const shape = dims.map(d => (typeof d === 'string' ? 1 : d));
	const x = new ort.Tensor('float32', Float32Array.from({ length: product(shape) }, () => numbers.normal()), shape);
	/* Files of old have initializers among the inputs. */
	const inputs = [value('x', FLOAT, dims), ...(opset < 10 ? g.initializers.map(t => value(t.name, t.dataType, t.dims)) : [])];

	g.nodes.push(node('Identity', [y], 'y'));
	try {
		await write(folder, Number(first) + written, 'float',
			    model(g.nodes, g.initializers, inputs, [{ name: 'y', type: { tensorType: { elemType: FLOAT } } }], opset),
			    { x }, 0, name);
		written++;
	} catch (error) {
		console.error(`${name}: ${error.message}`);
	}
}
console.log(written);
