// SPDX-License-Identifier: MIT
/*
 * Give ONNX graphs that come without weights made-up ones, and write what ONNX
 * Runtime answers then.
 *
 * usage: node onnx_weights.mjs MODULES FOLDER FIRST GRAPH...
 *
 *   MODULES  folder whose node_modules has onnxruntime-node and onnx-proto
 *   GRAPH    an ONNX model whose weights are ConstantOfShape
 *   FOLDER   receives N.float.* as onnx_networks.mjs writes them, N from FIRST on
 *
 * Weights are drawn so that values neither grow nor vanish on their way.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { FLOAT, Numbers, runtime } from './onnx_runtime.mjs';

const [modules, folder, first, ...graphs] = process.argv.slice(2);
if (!graphs.length) {
	console.error('usage: node onnx_weights.mjs MODULES FOLDER FIRST GRAPH...');
	process.exit(2);
}
const { ort, onnx, tensor, write } = runtime(modules);
const numbers = new Numbers(1);

const product = list => list.reduce((a, b) => a * b, 1);

/* The shape that a ConstantOfShape is told by an initializer. */
function shape_of(t)
{
	const longs = t.rawData && t.rawData.length ?
		[...new BigInt64Array(t.rawData.buffer.slice(t.rawData.byteOffset, t.rawData.byteOffset + t.rawData.length))] :
		t.int64Data;

	return longs.map(Number);
}

/* Weights by who reads them, and as which input. */
function made_up(name, dims, readers)
{
	const [reader] = readers.get(name) || [];
	const { type, position } = reader || {};
	const draw = make => tensor(name, FLOAT, dims, Float32Array.from({ length: product(dims) }, make));

	if (type === 'BatchNormalization')
		return draw(position === 2 || position === 3 ? () => numbers.normal() / 10 : () => 0.8 + 0.4 * numbers.random());
	if ((type === 'Conv' || type === 'Gemm') && position === 1) {
		const fan = type === 'Conv' ? product(dims.slice(1)) : dims[dims.length - 1];

		return draw(() => numbers.normal() * Math.sqrt(2 / fan));
	}
	/* Scales of a multiplication, biases of everything else. */
	return draw(type === 'Mul' ? () => 0.8 + 0.4 * numbers.random() : () => numbers.normal() / 10);
}

for (const [number, file] of graphs.entries()) {
	const message = onnx.ModelProto.decode(readFileSync(file)), { graph } = message;
	const initializers = new Map(graph.initializer.map(t => [t.name, t])), readers = new Map();

	for (const node of graph.node)
		node.input.forEach((name, position) => {
			readers.set(name, [...(readers.get(name) || []), { type: node.opType, position }]);
			/* A shape of its own in between: who reads what comes out of it. */
			if (node.opType === 'Unsqueeze')
				readers.set(name, graph.node.filter(other => other.input.includes(node.output[0]))
					.map(other => ({ type: other.opType, position: other.input.indexOf(node.output[0]) })));
		});
	for (const node of graph.node.filter(one => one.opType === 'ConstantOfShape'))
		graph.initializer.push(made_up(node.output[0], shape_of(initializers.get(node.input[0])), readers));
	graph.node = graph.node.filter(one => one.opType !== 'ConstantOfShape');
	graph.initializer = graph.initializer.filter(t => graph.node.some(one => one.input.includes(t.name)));
	/* Softmax would hide differences. */
	const last = graph.node[graph.node.length - 1];
	if (last.opType === 'Softmax') {
		last.opType = 'Identity';
		last.attribute = [];
	}
	const input = graph.input.find(one => !initializers.has(one.name));
	graph.input = [input];
	const dims = input.type.tensorType.shape.dim.map(d => Number(d.dimValue) || 1);
	const x = new ort.Tensor('float32', Float32Array.from({ length: product(dims) }, () => numbers.normal()), dims);

	await write(folder, Number(first) + number, 'float', onnx.ModelProto.encode(message).finish(), { [input.name]: x }, 0,
		    path.basename(file, '.onnx'));
}
