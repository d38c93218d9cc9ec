// SPDX-License-Identifier: MIT
/* ONNX Runtime and ONNX's messages, from packages in a folder; made-up numbers. */
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export const FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7;

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

/* @modules: folder whose node_modules has onnxruntime-node and onnx-proto. */
export function runtime(modules)
{
	const require = createRequire(path.resolve(modules, 'package.json'));
	const ort = require('onnxruntime-node');
	const { onnx } = require('onnx-proto');

	const raw = array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
	const tensor = (name, type, dims, data) =>
		onnx.TensorProto.create({ name, dataType: type, dims, rawData: raw(data) });

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

	return { ort, onnx, raw, tensor, answers, write };
}
