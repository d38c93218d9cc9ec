// SPDX-License-Identifier: MIT
/*
 * Make random ONNX networks and what ONNX Runtime answers to them.
 *
 * usage: node onnx_networks.mjs MODULES SEED COUNT FOLDER
 *
 *   MODULES  folder whose node_modules has onnxruntime-node and onnx-proto
 *   FOLDER   receives, for number N and kind float, qdq or qop:
 *            N.kind.onnx   one input x [1, C, H, W], one output y
 *            N.kind.input  raw bytes of x, N.kind.output raw bytes of y
 *            N.kind.txt    steps that two good answers may differ by; a tab;
 *                          what the network consists of
 *
 * A float network is one to eight operators. Its quantised forms have scales
 * measured on the very input: qdq with QuantizeLinear and DequantizeLinear
 * around every operator, qop (where every operator has such a form) with
 * QLinear operators. Their x and y are INT8 or UINT8. Where the scales carry a
 * single step too far there is no quantised form.
 */
import { INT32, INT8, FLOAT, UINT8, Numbers, runtime } from './onnx_runtime.mjs';

const [modules, seedText, countText, folder] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node onnx_networks.mjs MODULES SEED COUNT FOLDER');
	process.exit(2);
}
const { ort, tensor, floats, longs, node, value, model, answers, write } = runtime(modules);
const numbers = new Numbers(Math.imul(Number(seedText), 0x2545f491));
const random = () => numbers.random(), normal = () => numbers.normal();
const integer = (low, high) => low + Math.floor(random() * (high - low + 1));
const pick = list => list[integer(0, list.length - 1)];
const chance = share => random() < share;

const TELLING = 16;

/* -------------------------------------------------------------- float networks */

/* One operator: inputs are names; dims those of its output, filled in by ONNX Runtime. */
function weights(count, fan) { return Float32Array.from({ length: count }, () => normal() / Math.sqrt(fan)); }

const out_size = (size, kernel, stride, dilation, pads) =>
	Math.floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1;

class Network {
	constructor()
	{
		this.ops = [];
		this.initializers = [];
		this.values = [{ name: 'x', dims: [1, pick([1, 3, 4, 8, 13, 16, 32, 70]), integer(4, 20), integer(4, 20)] }];
		this.next = 0;
	}

	last() { return this.values[this.values.length - 1]; }

	add(type, inputs, dims, attributes = {}, quantised = {})
	{
		const name = `t${this.next++}`;

		this.ops.push({ type, inputs, name, attributes, quantised });
		this.values.push({ name, dims });
	}

	constant(t) { this.initializers.push(t); return t.name; }

	conv()
	{
		const { name, dims: [, channels, height, width] } = this.last();
		const kind = pick(['plain', 'plain', 'depthwise', 'grouped', 'pointwise']);
		const kernel = kind === 'pointwise' ? [1, 1] : [pick([1, 2, 3, 3, 5]), pick([1, 2, 3, 3, 5])];
		const strides = [pick([1, 1, 2, 3]), pick([1, 1, 2])];
		const dilations = chance(0.2) ? [2, pick([1, 2])] : [1, 1];
		const pads = [0, 1, 2, 3].map(i => integer(0, kernel[i % 2] - 1));
		const group = kind === 'depthwise' ? channels : kind === 'grouped' && channels % 2 === 0 ? 2 : 1;
		const outs = kind === 'depthwise' ? channels * pick([1, 1, 2]) : group * integer(1, 20);
		const size = [height, width].map((s, i) =>
			out_size(s, kernel[i], strides[i], dilations[i], pads[i] + pads[i + 2]));
		const fan = channels / group * kernel[0] * kernel[1];

		if (size.some(s => s < 1))
			return;
		const w = this.constant(floats(`w${this.next}`, [outs, channels / group, ...kernel],
					       weights(outs * fan, fan)));
		const b = chance(0.8) ? [this.constant(floats(`b${this.next}`, [outs], weights(outs, 2)))] : [];
		this.add('Conv', [name, w, ...b], [1, outs, ...size],
			 { kernel_shape: kernel, strides, dilations, pads, group }, { weights: true });
	}

	transposed()
	{
		const { name, dims: [, channels, height, width] } = this.last();
		const kernel = [pick([2, 3, 4]), pick([2, 3, 4])], strides = [pick([1, 2]), 2];
		const pads = [integer(0, 1), integer(0, 1), integer(0, 1), integer(0, 1)];
		const outs = integer(1, 12), fan = channels * kernel[0] * kernel[1] / strides[0] / strides[1];

		if (height * strides[0] > 40 || width * strides[1] > 40 || height < 3 || width < 3)
			return;
		const w = this.constant(floats(`w${this.next}`, [channels, outs, ...kernel],
					       weights(channels * outs * kernel[0] * kernel[1], fan)));
		const size = [height, width].map((s, i) => (s - 1) * strides[i] + kernel[i] - pads[i] - pads[i + 2]);
		this.add('ConvTranspose', [name, w], [1, outs, ...size], { kernel_shape: kernel, strides, pads },
			 { weights: true });
	}

	pool()
	{
		const { name, dims: [, channels, height, width] } = this.last();
		const kernel = [pick([1, 2, 3]), pick([2, 3])], strides = [pick([1, 2]), pick([1, 2])];
		const pads = [0, 1, 2, 3].map(i => integer(0, kernel[i % 2] - 1) >> 1);
		const type = pick(['MaxPool', 'AveragePool']);
		const attributes = { kernel_shape: kernel, strides, pads };
		const size = [height, width].map((s, i) => out_size(s, kernel[i], strides[i], 1, pads[i] + pads[i + 2]));

		if (size.some(s => s < 1))
			return;
		if (type === 'AveragePool')
			attributes.count_include_pad = integer(0, 1);
		this.add(type, [name], [1, channels, ...size], attributes, { same: type === 'MaxPool' });
	}

	global_pool()
	{
		const { name, dims } = this.last();

		if (chance(0.5))
			this.add('GlobalAveragePool', [name], [1, dims[1], 1, 1]);
		else
			this.add('ReduceMean', [name], [1, dims[1], 1, 1], { axes: [2, 3], keepdims: 1 });
	}

	activation()
	{
		const { name, dims } = this.last();
		const type = pick(['Relu', 'Relu', 'Clip', 'LeakyRelu', 'PRelu', 'Sigmoid', 'Tanh', 'HardSwish', 'HardSigmoid']);

		if (type === 'Clip')
			this.add(type, [name, this.constant(floats(`lo${this.next}`, [], [0])),
					this.constant(floats(`hi${this.next}`, [], [pick([1, 6])]))], dims);
		else if (type === 'PRelu')
			this.add(type, [name, this.constant(floats(`slope${this.next}`, [dims[1], 1, 1],
								   Array.from({ length: dims[1] }, () => random() / 2)))],
				 dims, {}, { weights: true });
		else if (type === 'LeakyRelu')
			this.add(type, [name], dims, { alpha: { float: pick([0.01, 0.1, 0.3]) } });
		else
			this.add(type, [name], dims);
	}

	/* With a value of the same shape from before, or a constant per channel. */
	binary()
	{
		const { name, dims } = this.last();
		const others = this.values.filter(v => v.name !== name && String(v.dims) === String(dims));
		const type = pick(['Add', 'Add', 'Mul', 'Sub', 'Max', 'Min']);

		if (others.length)
			this.add(type, chance(0.5) ? [name, pick(others).name] : [pick(others).name, name], dims);
		else if (type !== 'Max' && type !== 'Min')
			this.add(type, [name, this.constant(floats(`c${this.next}`, [1, dims[1], 1, 1], weights(dims[1], 1)))],
				 dims, {}, { constant: true });
	}

	concat()
	{
		const { name, dims } = this.last();
		const others = this.values.filter(v => v.name !== name && v.dims[2] === dims[2] && v.dims[3] === dims[3]);

		if (!others.length)
			return;
		const other = pick(others);
		this.add('Concat', [name, other.name], [1, dims[1] + other.dims[1], dims[2], dims[3]], { axis: 1 });
	}

	move()
	{
		const { name, dims: [, c, h, w] } = this.last();
		const type = pick(['Pad', 'Slice', 'Transpose', 'Resize', 'DepthToSpace', 'Shuffle']);

		if (type === 'Pad') {
			const p = [integer(0, 2), integer(0, 2), integer(0, 1), integer(0, 2)];
			this.add('Pad', [name, this.constant(longs(`p${this.next}`, [0, 0, p[0], p[1], 0, 0, p[2], p[3]]))],
				 [1, c, h + p[0] + p[2], w + p[1] + p[3]], {}, { same: true });
		} else if (type === 'Slice' && c > 1 && h > 2) {
			const start = [integer(0, c - 1), integer(0, h - 2)], step = pick([1, 1, 2]);
			const end = [integer(start[0] + 1, c), integer(start[1] + 1, h)], n = this.next;

			this.add('Slice', [name, this.constant(longs(`from${n}`, start)), this.constant(longs(`to${n}`, end)),
					  this.constant(longs(`axes${n}`, [1, 2])), this.constant(longs(`step${n}`, [1, step]))],
				 [1, end[0] - start[0], Math.ceil((end[1] - start[1]) / step), w], {}, { same: true });
		} else if (type === 'Resize' && h * w < 200) {
			const linear = chance(0.5), n = this.next;
			const attributes = linear ?
				{ mode: 'linear', coordinate_transformation_mode: pick(['half_pixel', 'align_corners', 'asymmetric']) } :
				{ mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };

			this.add('Resize', [name, '', this.constant(floats(`scales${n}`, [4], [1, 1, 2, 2]))],
				 [1, c, 2 * h, 2 * w], attributes, { same: !linear });
		} else if (type === 'DepthToSpace' && c % 4 === 0) {
			this.add('DepthToSpace', [name], [1, c / 4, 2 * h, 2 * w],
				 { blocksize: 2, mode: pick(['DCR', 'CRD']) }, { same: true });
		} else if (type === 'Shuffle' && c % 4 === 0) {
			this.add('Reshape', [name, this.constant(longs(`s${this.next}`, [1, 4, c / 4, h, w]))],
				 [1, 4, c / 4, h, w], {}, { same: true });
			this.add('Transpose', [this.last().name], [1, c / 4, 4, h, w], { perm: [0, 2, 1, 3, 4] }, { same: true });
			this.add('Reshape', [this.last().name, this.constant(longs(`s${this.next}`, [1, c, h, w]))],
				 [1, c, h, w], {}, { same: true });
		} else if (type === 'Transpose') {
			this.add('Transpose', [name], [1, c, w, h], { perm: [0, 1, 3, 2] }, { same: true });
		}
	}

	head()
	{
		const { name, dims } = this.last(), flat = dims.reduce((a, b) => a * b, 1), outs = integer(2, 40);

		this.add('Flatten', [name], [1, flat], { axis: 1 }, { same: true });
		const w = this.constant(floats(`w${this.next}`, [outs, flat], weights(outs * flat, flat)));
		const b = this.constant(floats(`b${this.next}`, [outs], weights(outs, 2)));
		this.add('Gemm', [this.last().name, w, b], [1, outs], { transB: 1 }, { weights: true });
		if (chance(0.3))
			this.add('Softmax', [this.last().name], [1, outs], { axis: 1 });
	}

	nodes()
	{
		return this.ops.map(op => node(op.type, op.inputs, op.name, op.attributes));
	}

	describe() { return this.ops.map(op => op.type).join(' '); }
}

function network()
{
	for (;;) {
		const net = new Network(), length = chance(0.4) ? 1 : integer(2, 8);

		for (let tries = 0; net.ops.length < length && tries < 40; tries++)
			net[pick(['conv', 'conv', 'conv', 'pool', 'activation', 'activation', 'binary', 'concat', 'move',
				  'transposed'])]();
		if (chance(0.2))
			net.global_pool();
		if (chance(0.3))
			net.head();
		if (net.ops.length)
			return net;
	}
}

/* ---------------------------------------------------------- quantised networks */

const range_of = data => [Math.min(0, ...data), Math.max(0, ...data)];

/* Scale and zero point of a range: asymmetric, the way ONNX Runtime's own tool does. */
function parameters([low, high], type)
{
	const scale = Math.fround(Math.max(high - low, 1e-3) / 255);
	const zero = Math.round(-low / scale);

	return { scale, zero: type === INT8 ? zero - 128 : zero };
}

class Quantised {
	constructor(net, ranges, type)
	{
		this.net = net;
		this.type = type;
		this.nodes = [];
		this.initializers = [];
		this.known = new Map();
		this.parameters = new Map([['x', parameters(ranges.get('x'), type)]]);
		for (const op of net.ops)
			this.parameters.set(op.name, op.quantised.same ? this.parameters.get(op.inputs[0]) :
							 parameters(ranges.get(op.name), type));
		if (this.net.ops.some(op => op.type === 'Softmax'))
			for (const op of net.ops.filter(op => op.type === 'Softmax'))
				this.parameters.set(op.name, { scale: 1 / 256, zero: type === INT8 ? -128 : 0 });
	}

	constant(t)
	{
		if (!this.known.has(t.name)) {
			this.known.set(t.name, t);
			this.initializers.push(t);
		}
		return t.name;
	}

	/* Names of scale and zero point of value @name. */
	scales(name)
	{
		const { scale, zero } = this.parameters.get(name);

		return [this.constant(floats(`${name}_scale`, [], [scale])),
			this.constant(tensor(`${name}_zero`, this.type, [],
					     this.type === INT8 ? Int8Array.of(zero) : Uint8Array.of(zero)))];
	}

	float_constant(name) { return this.net.initializers.find(t => t.name === name); }

	values_of(t) { return new Float32Array(t.rawData.buffer.slice(t.rawData.byteOffset, t.rawData.byteOffset + t.rawData.byteLength)); }

	/* INT8 weights, per output channel (along @axis) or per tensor: names of data, scale, zero. */
	weights(name, axis)
	{
		const t = this.float_constant(name), data = this.values_of(t), dims = t.dims.map(Number);
		const count = axis === null ? 1 : dims[axis];
		const inner = axis === null ? data.length : dims.slice(axis + 1).reduce((a, b) => a * b, 1);
		const channel = i => Math.floor(i / inner) % count;
		const largest = new Float32Array(count).fill(1e-6);

		data.forEach((v, i) => { largest[channel(i)] = Math.max(largest[channel(i)], Math.abs(v)); });
		const scale = largest.map(v => Math.fround(v / 127));
		const whole = Int8Array.from(data, (v, i) => Math.max(-127, Math.min(127, Math.round(v / scale[channel(i)]))));
		const shape = axis === null ? [] : [count];

		return { scale, names: [this.constant(tensor(`${name}_q`, INT8, dims, whole)),
			 this.constant(floats(`${name}_scale`, shape, scale)),
			 this.constant(tensor(`${name}_zero`, INT8, shape, new Int8Array(count)))] };
	}

	bias(name, input_scale, scale)
	{
		const data = this.values_of(this.float_constant(name));
		const step = i => Math.fround(input_scale * scale[scale.length > 1 ? i : 0]);

		return { names: [this.constant(tensor(`${name}_q`, INT32, [data.length],
						      Int32Array.from(data, (v, i) => Math.round(v / step(i))))),
				 this.constant(floats(`${name}_scale`, [data.length], data.map((_, i) => step(i))))] };
	}

	quantise(from, name, params)
	{
		this.nodes.push(node('QuantizeLinear', [from, ...this.scales(params)], name));
	}

	dequantise(from, name, params)
	{
		this.nodes.push(node('DequantizeLinear', [from, ...this.scales(params)], name));
	}

	qdq()
	{
		const integer_name = name => (name === 'x' ? 'x' : `${name}_q`);
		let serial = 0;

		for (const op of this.net.ops) {
			const inputs = op.inputs.map((name, i) => {
				const floating = `f${serial++}`;

				if (!this.parameters.has(name)) {
					const t = this.float_constant(name);

					if (!op.quantised.weights && !op.quantised.constant)
						return t ? (this.constant(t), name) : '';
					if (op.quantised.weights && i === 2) {
						const w = this.weights(op.inputs[1], this.axis(op));
						const b = this.bias(name, this.parameters.get(op.inputs[0]).scale, w.scale);

						this.nodes.push(node('DequantizeLinear', b.names, floating, { axis: 0 }));
						return floating;
					}
					const w = this.weights(name, this.axis(op));

					this.nodes.push(node('DequantizeLinear', w.names, floating,
							     this.axis(op) === null ? {} : { axis: this.axis(op) }));
					return floating;
				}
				this.dequantise(integer_name(name), floating, name);
				return floating;
			});

			this.nodes.push(node(op.type, inputs, `${op.name}_f`, op.attributes));
			this.quantise(`${op.name}_f`, integer_name(op.name), op.name);
		}
		return this.finish(integer_name(this.net.last().name));
	}

	axis(op)
	{
		if (op.quantised.constant || op.type === 'PRelu' || this.net.per_tensor)
			return null;
		return op.type === 'ConvTranspose' ? 1 : 0;
	}

	/*
	 * Each operator may round the other way, and what comes in a step off leaves as
	 * many as the scales say. A sum of many products evens such errors out, mostly.
	 */
	tolerance()
	{
		const steps = new Map([['x', 0]]);

		for (const op of this.net.ops) {
			const { scale } = this.parameters.get(op.name);
			const carried = op.inputs.filter(name => steps.has(name)).reduce((sum, name) => sum +
				(op.quantised.weights ? Math.ceil(1.5 * steps.get(name)) : Math.ceil(steps.get(name) *
				 Math.max(1, this.parameters.get(name).scale / scale))), 0);

			steps.set(op.name, carried + (op.quantised.same ? 0 : 1));
		}
		return steps.get(this.net.last().name);
	}

	/* QLinear forms of every operator, or null where one has none. */
	qop()
	{
		const MS = 'com.microsoft', integer_name = name => (name === 'x' ? 'x' : `${name}_q`);
		const pair = name => [integer_name(name), ...this.scales(name)];

		for (const op of this.net.ops) {
			const out = integer_name(op.name), [first] = op.inputs, result = this.scales(op.name);

			if (op.type === 'Conv') {
				const w = this.weights(op.inputs[1], this.axis(op));
				const b = op.inputs[2] ? [this.bias(op.inputs[2], this.parameters.get(first).scale, w.scale).names[0]] : [];

				this.nodes.push(node('QLinearConv', [...pair(first), ...w.names, ...result, ...b], out, op.attributes));
			} else if (op.type === 'Add' || op.type === 'Mul') {
				if (!this.parameters.has(op.inputs[1]))
					return null;
				this.nodes.push(node(`QLinear${op.type}`, [...pair(first), ...pair(op.inputs[1]), ...result], out, {}, MS));
			} else if (op.type === 'Sigmoid' || op.type === 'LeakyRelu') {
				this.nodes.push(node(`QLinear${op.type}`, [...pair(first), ...result], out, op.attributes, MS));
			} else if (op.type === 'GlobalAveragePool' || op.type === 'AveragePool') {
				this.nodes.push(node(`QLinear${op.type}`, [...pair(first), ...result], out,
						     { ...op.attributes, channels_last: 0 }, MS));
			} else if (op.type === 'Concat') {
				this.nodes.push(node('QLinearConcat', [...result, ...op.inputs.flatMap(pair)], out, op.attributes, MS));
			} else if (op.type === 'Gemm') {
				const w = this.weights(op.inputs[1], this.net.per_tensor ? null : 0);
				const b = this.bias(op.inputs[2], this.parameters.get(first).scale, w.scale);

				this.nodes.push(node('QGemm', [...pair(first), ...w.names, b.names[0], ...result], out, op.attributes, MS));
			} else if (['Flatten', 'Reshape', 'Transpose', 'Slice', 'MaxPool'].includes(op.type)) {
				op.inputs.slice(1).forEach(name => this.constant(this.float_constant(name)));
				this.nodes.push(node(op.type, [integer_name(first), ...op.inputs.slice(1)], out, op.attributes));
			} else {
				return null;
			}
		}
		return this.finish(integer_name(this.net.last().name));
	}

	finish(output)
	{
		this.nodes[this.nodes.length - 1].output = ['y'];
		/* Whoever else reads the last value does so by its new name. */
		this.nodes.forEach(n => { n.input = n.input.map(name => (name === output ? 'y' : name)); });
		const x = this.net.values[0];

		return model(this.nodes, this.initializers, [value('x', this.type, x.dims)],
			     [value('y', this.type, this.net.last().dims)]);
	}
}

/* ------------------------------------------------------------------------ main */

for (let number = 0; number < Number(countText); number++) {
	const net = network(), { dims } = net.values[0];
	const x = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => normal());
	const input = new ort.Tensor('float32', x, dims), last = net.last();
	const nodes = net.nodes();
	const everything = await answers(model(nodes, net.initializers, [value('x', FLOAT, dims)],
					       net.ops.map(op => value(op.name, FLOAT, net.values.find(v => v.name === op.name).dims))),
					 { x: input }, false);
	const ranges = new Map([['x', range_of(x)]]);

	for (const op of net.ops)
		ranges.set(op.name, range_of(everything[op.name].data));
	const single = node('Identity', [last.name], 'y');
	const text = net.describe();

	await write(folder, number, 'float', model([...nodes, single], net.initializers, [value('x', FLOAT, dims)],
					   [value('y', FLOAT, last.dims)]), { x: input }, 0, text);
	net.per_tensor = chance(0.3);
	const type = pick([INT8, UINT8]);

	for (const kind of ['qdq', 'qop']) {
		const quantised = new Quantised(net, ranges, type), bytes = quantised[kind]();

		/* Where one step may become that many, any answer would do. */
		if (!bytes || quantised.tolerance() > TELLING)
			continue;
		const { scale, zero } = quantised.parameters.get('x');
		const [low, high] = type === INT8 ? [-128, 127] : [0, 255];
		const whole = x.map(v => Math.max(low, Math.min(high, Math.round(v / scale) + zero)));

		await write(folder, number, kind, bytes,
			    { x: type === INT8 ? new ort.Tensor('int8', Int8Array.from(whole), dims) :
						 new ort.Tensor('uint8', Uint8Array.from(whole), dims) },
			    quantised.tolerance(), `${text}, ${type === INT8 ? 'INT8' : 'UINT8'}, weights per ${net.per_tensor ? 'tensor' : 'channel'}`);
	}
}
