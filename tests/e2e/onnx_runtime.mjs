// SPDX-License-Identifier: MIT
/* ONNX Runtime and ONNX's messages, from packages in a folder; made-up numbers. */
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export const FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9;

/* The same numbers on every machine. */
export class Numbers {
	constructor(seed) { this.state = seed; }

	/* From 0 to 1: a counter, its bits mixed (after the finaliser of MurmurHash3). */
	random()
	{
		this.state = (this.state + 0x9e3779b9) | 0;
		let bits = this.state ^ (this.state >>> 16);

		bits = Math.imul(bits, 0x85ebca6b);
		bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
		return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
	}

	normal()
	{
		return Math.sqrt(-2 * Math.log(this.random() + 1e-12)) * Math.cos(2 * Math.PI * this.random());
	}
}

/* An attribute: { float: 0.1 } stands for a real, which a number alone does not. */
function attribute(name, value)
{
	if (typeof value === 'string')
		return { name, type: 3, s: new TextEncoder().encode(value) };
	if (Array.isArray(value))
		return { name, type: 7, ints: value };
	if (typeof value === 'object' && 'float' in value)
		return { name, type: 1, f: value.float };
	if (typeof value === 'object')
		return { name, type: 4, t: value };
	return { name, type: 2, i: value };
}

/* @modules: folder whose node_modules has onnxruntime-node and onnx-proto. */
export function runtime(modules)
{
	const require = createRequire(path.resolve(modules, 'package.json'));
	const ort = require('onnxruntime-node');
	const { onnx } = require('onnx-proto');

	const raw = array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
	const tensor = (name, type, dims, data) =>
		onnx.TensorProto.create({ name, dataType: type, dims, rawData: raw(data) });

	const floats = (name, dims, data) => tensor(name, FLOAT, dims, Float32Array.from(data));
	const longs = (name, values) =>
		tensor(name, INT64, [values.length], BigInt64Array.from(values.map(BigInt)));
	const node = (opType, input, outputs, attributes = {}, domain = '') => onnx.NodeProto.create({
		opType, input, output: [outputs].flat(), name: [outputs].flat()[0], domain,
		attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
	});
	/* A dimension that is a name stands for any size. */
	const value = (name, elemType, dims) => onnx.ValueInfoProto.create({
		name, type: { tensorType: { elemType, shape: {
			dim: dims.map(d => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) } } },
	});

	function model(nodes, initializers, inputs, outputs, opset = 17)
	{
		const message = onnx.ModelProto.create({
			irVersion: 8, producerName: 'made up',
			opsetImport: [{ domain: '', version: opset }, { domain: 'com.microsoft', version: 1 }],
			graph: { name: 'network', node: nodes, initializer: initializers, input: inputs,
				 output: outputs },
		});
		return onnx.ModelProto.encode(message).finish();
	}

	/* Plain: its own optimisations (padding into a maximum's window) may change what comes out. */
	async function answers(bytes, inputs, optimized)
	{
		const session = await ort.InferenceSession.create(bytes, {
			logSeverityLevel: 4, intraOpNumThreads: 1, graphOptimizationLevel: optimized ? 'all' : 'disabled',
		});
		const result = await session.run(inputs);

		await session.release();
		return result;
	}

	/* A network with one input and one output, and what comes out, as files for compare_onnx. */
	async function write(folder, number, kind, bytes, inputs, tolerance, text)
	{
		const [output] = Object.values(await answers(bytes, inputs, kind !== 'float'));
		const base = path.join(folder, `${number}.${kind}`);

		writeFileSync(`${base}.onnx`, bytes);
		writeFileSync(`${base}.input`, raw(Object.values(inputs)[0].data));
		writeFileSync(`${base}.output`, raw(output.data));
		writeFileSync(`${base}.txt`, `${tolerance}\t${text}\n`);
	}

	return { ort, onnx, tensor, floats, longs, node, value, model, answers, write };
}
