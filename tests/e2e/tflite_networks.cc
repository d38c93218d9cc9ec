// SPDX-License-Identifier: MIT
/*
 * Make random TensorFlow Lite models: each operator in its versions, with all
 * its options, in float, with float16 weights, in INT8 per channel and per
 * tensor, in UINT8; and some whole networks in float.
 *
 * usage: tflite_networks SEED FOLDER
 *
 * FOLDER receives N.tflite and a line of names.txt for each.
 */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <tensorflow/lite/schema/schema_generated.h>

using namespace tflite;

enum class Kind { real, half, channel, tensor, unsign };
using Shape = std::vector<int32_t>;

static const char *const kind_names[] = { "float", "float16 weights", "INT8 per channel",
					  "INT8 per tensor", "UINT8" };

static uint64_t state;

static uint32_t random_number()
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

static int pick(const std::vector<int> &of) { return of[random_number() % of.size()]; }
static int between(int low, int high) { return low + (int)(random_number() % (uint32_t)(high - low + 1)); }
static float normal() { return (float)((random_number() % 2001) / 1000.0 - 1) * 1.7f; }
static size_t product(const Shape &s) { size_t n = 1; for (int d : s) n *= (size_t)d; return n; }

/* The nearest float16: only of normal numbers. */
static uint16_t to_half(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, 4);
	int exponent = (int)(bits >> 23 & 255) - 112;
	if (exponent <= 0)
		return (uint16_t)(bits >> 16 & 0x8000);
	return (uint16_t)((bits >> 16 & 0x8000) | (uint32_t)exponent << 10 | (bits >> 13 & 0x3ff));
}

class Net {
public:
	Net(Kind k) : kind(k)
	{
		model.version = 3;
		model.subgraphs.push_back(std::make_unique<SubGraphT>());
		model.buffers.push_back(std::make_unique<BufferT>());
	}

	bool integers() const { return kind != Kind::real && kind != Kind::half; }
	TensorType type() const
	{
		return !integers() ? TensorType_FLOAT32 : kind == Kind::unsign ? TensorType_UINT8 : TensorType_INT8;
	}
	int zero_of_unsigned() const { return kind == Kind::unsign ? 128 : 0; }

	int tensor(const Shape &shape, TensorType t)
	{
		auto made = std::make_unique<TensorT>();

		made->shape = shape;
		made->type = t;
		made->name = "t" + std::to_string(graph().tensors.size());
		graph().tensors.push_back(std::move(made));
		return (int)graph().tensors.size() - 1;
	}

	/* An activation: @zero as in INT8. */
	int value(const Shape &shape, float scale = 0.02f, int zero = 0)
	{
		int t = tensor(shape, type());

		if (integers())
			quantise(t, { scale }, { zero + zero_of_unsigned() });
		return t;
	}

	int input(const Shape &shape)
	{
		int t = value(shape, 0.02f, between(-20, 20));

		graph().inputs.push_back(t);
		return t;
	}

	float scale(int t) { return graph().tensors[(size_t)t]->quantization->scale[0]; }
	const Shape &shape(int t) { return graph().tensors[(size_t)t]->shape; }

	/* As @t, perhaps of another shape. */
	int like(int t, const Shape &s)
	{
		int made = tensor(s, type());

		if (integers())
			quantise(made, { scale(t) }, { (int)graph().tensors[(size_t)t]->quantization->zero_point[0] });
		return made;
	}

	void quantise(int t, const std::vector<float> &scales, const std::vector<int> &zeros, int axis = 0)
	{
		auto q = std::make_unique<QuantizationParametersT>();

		q->scale = scales;
		q->zero_point.assign(zeros.begin(), zeros.end());
		q->quantized_dimension = axis;
		graph().tensors[(size_t)t]->quantization = std::move(q);
	}

	template <typename T> int constant(const Shape &shape, TensorType t, const std::vector<T> &data)
	{
		auto buffer = std::make_unique<BufferT>();
		int made = tensor(shape, t);

		buffer->data.resize(data.size() * sizeof(T));
		memcpy(buffer->data.data(), data.data(), buffer->data.size());
		model.buffers.push_back(std::move(buffer));
		graph().tensors[(size_t)made]->buffer = (uint32_t)model.buffers.size() - 1;
		return made;
	}

	int ints(const std::vector<int32_t> &data) { return constant<int32_t>({ (int)data.size() }, TensorType_INT32, data); }

	/* Weights with the scales along @axis; what they were multiplied with is kept for the bias. */
	int weights(const Shape &shape, int axis, float sigma)
	{
		const int channels = kind == Kind::channel ? shape[(size_t)axis] : 1;

		if (!integers()) {
			std::vector<float> data(product(shape));

			for (float &v : data)
				v = normal() * sigma;
			if (kind == Kind::real)
				return constant<float>(shape, TensorType_FLOAT32, data);
			std::vector<uint16_t> halves;
			for (float v : data)
				halves.push_back(to_half(v));
			int packed = constant<uint16_t>(shape, TensorType_FLOAT16, halves), out = tensor(shape, TensorType_FLOAT32);
			op(BuiltinOperator_DEQUANTIZE, { packed }, { out }, 3);
			return out;
		}
		weight_scales.clear();
		for (int i = 0; i < channels; i++)
			weight_scales.push_back(sigma / 50 * (1 + (float)between(0, 100) / 50));
		std::vector<int8_t> data(product(shape));
		for (int8_t &v : data)
			v = (int8_t)between(kind == Kind::unsign ? -128 : -127, 127);
		if (kind == Kind::unsign)
			for (int8_t &v : data)
				v = (int8_t)(uint8_t)(v + 128);
		int made = constant<int8_t>(shape, type(), data);
		quantise(made, weight_scales, std::vector<int>((size_t)channels, kind == Kind::unsign ? between(110, 140) : 0), axis);
		return made;
	}

	int bias(int count, int x)
	{
		if (!integers()) {
			std::vector<float> data((size_t)count);

			for (float &v : data)
				v = normal() / 4;
			return constant<float>({ count }, TensorType_FLOAT32, data);
		}
		std::vector<int32_t> data((size_t)count);
		std::vector<float> scales;
		for (int32_t &v : data)
			v = between(-3000, 3000);
		for (float s : weight_scales)
			scales.push_back(s * scale(x));
		int made = constant<int32_t>({ count }, TensorType_INT32, data);
		quantise(made, scales, std::vector<int>(scales.size(), 0));
		return made;
	}

	template <typename Options> void op(BuiltinOperator code, const std::vector<int> &in, const std::vector<int> &out,
					    int version, Options options)
	{
		op(code, in, out, version);
		graph().operators.back()->builtin_options.Set(std::move(options));
	}

	void op(BuiltinOperator code, const std::vector<int> &in, const std::vector<int> &out, int version = 1)
	{
		auto made = std::make_unique<OperatorT>();
		size_t i = 0;

		while (i < model.operator_codes.size() && (model.operator_codes[i]->builtin_code != code ||
							   model.operator_codes[i]->version != version))
			i++;
		if (i == model.operator_codes.size()) {
			auto kind_of = std::make_unique<OperatorCodeT>();

			kind_of->builtin_code = code;
			kind_of->deprecated_builtin_code = (int8_t)(code < 127 ? code : 127);
			kind_of->version = version;
			model.operator_codes.push_back(std::move(kind_of));
		}
		made->opcode_index = (uint32_t)i;
		made->inputs.assign(in.begin(), in.end());
		made->outputs.assign(out.begin(), out.end());
		graph().operators.push_back(std::move(made));
	}

	void save(const std::string &path, const std::vector<int> &outputs)
	{
		flatbuffers::FlatBufferBuilder builder;

		graph().outputs = outputs;
		builder.Finish(Model::Pack(builder, &model), ModelIdentifier());
		FILE *file = fopen(path.c_str(), "wb");
		if (!file || fwrite(builder.GetBufferPointer(), 1, builder.GetSize(), file) != builder.GetSize() || fclose(file))
			exit(1);
	}

	const Kind kind;

private:
	SubGraphT &graph() { return *model.subgraphs[0]; }
	ModelT model;
	std::vector<float> weight_scales;
};

/* ------------------------------------------------------------------- operators */

static ActivationFunctionType activation(Net &n)
{
	const int which = pick({ 0, 0, 1, 3, n.integers() ? 0 : 2 });

	return (ActivationFunctionType)which;
}

static int window(int size, int kernel, int stride, int dilation, Padding padding)
{
	return padding == Padding_SAME ? (size + stride - 1) / stride :
	       (size - (kernel - 1) * dilation - 1) / stride + 1;
}

static int conv(Net &n, int x, int outs, int kernel, int stride, int dilation, Padding padding,
		ActivationFunctionType act, int groups = 1)
{
	const Shape s = n.shape(x);
	const int c = s[3] / groups;
	int w = n.weights({ outs, kernel, kernel, c }, 0, 1 / sqrtf((float)(kernel * kernel * c)));
	int b = n.bias(outs, x);
	int y = n.value({ 1, window(s[1], kernel, stride, dilation, padding), window(s[2], kernel, stride, dilation, padding), outs },
			0.03f, act == ActivationFunctionType_NONE ? between(-10, 10) : -128);
	Conv2DOptionsT o;

	o.padding = padding;
	o.stride_h = o.stride_w = stride;
	o.dilation_h_factor = o.dilation_w_factor = dilation;
	o.fused_activation_function = act;
	n.op(BuiltinOperator_CONV_2D, { x, w, b }, { y }, n.integers() ? 3 : 1, o);
	return y;
}

static int depthwise(Net &n, int x, int multiplier, int kernel, int stride, int dilation, Padding padding,
		     ActivationFunctionType act)
{
	const Shape s = n.shape(x);
	const int c = s[3] * multiplier;
	int w = n.weights({ 1, kernel, kernel, c }, 3, 1 / (float)kernel), b = n.bias(c, x);
	int y = n.value({ 1, window(s[1], kernel, stride, dilation, padding), window(s[2], kernel, stride, dilation, padding), c },
			0.03f, act == ActivationFunctionType_NONE ? between(-10, 10) : -128);
	DepthwiseConv2DOptionsT o;

	o.padding = padding;
	o.stride_h = o.stride_w = stride;
	o.dilation_h_factor = o.dilation_w_factor = dilation;
	o.depth_multiplier = multiplier;
	o.fused_activation_function = act;
	n.op(BuiltinOperator_DEPTHWISE_CONV_2D, { x, w, b }, { y }, n.integers() ? 3 : dilation > 1 ? 2 : 1, o);
	return y;
}

static int dense(Net &n, int x, int outs, bool keep, ActivationFunctionType act)
{
	const Shape s = n.shape(x);
	const int in = s.back();
	Shape to = s;
	int w = n.weights({ outs, in }, 0, 1 / sqrtf((float)in)), b = n.bias(outs, x);

	to.back() = outs;
	int y = n.value(keep ? to : Shape{ (int)(product(s) / (size_t)in), outs }, 0.03f, between(-10, 10));
	FullyConnectedOptionsT o;
	o.keep_num_dims = keep;
	o.fused_activation_function = act;
	n.op(BuiltinOperator_FULLY_CONNECTED, { x, w, b }, { y }, n.integers() ? 4 : keep ? 5 : 1, o);
	return y;
}

static int transposed(Net &n, int x, int outs, int kernel, int stride, Padding padding, bool with_bias)
{
	const Shape s = n.shape(x);
	auto size = [&](int in) { return padding == Padding_SAME ? in * stride : (in - 1) * stride + kernel; };
	Shape to = { 1, size(s[1]), size(s[2]), outs };
	int shape = n.ints(to), w = n.weights({ outs, kernel, kernel, s[3] }, 0, 1 / sqrtf((float)(kernel * kernel * s[3])));
	std::vector<int> in = { shape, w, x };
	TransposeConvOptionsT o;

	if (with_bias)
		in.push_back(n.bias(outs, x));
	int y = n.value(to, 0.03f, between(-10, 10));
	o.padding = padding;
	o.stride_h = o.stride_w = stride;
	n.op(BuiltinOperator_TRANSPOSE_CONV, in, { y }, with_bias ? 3 : n.integers() ? 2 : 1, o);
	return y;
}

static int pool(Net &n, int x, bool most, int kernel, int stride, Padding padding, ActivationFunctionType act)
{
	const Shape s = n.shape(x);
	int y = n.like(x, { 1, window(s[1], kernel, stride, 1, padding), window(s[2], kernel, stride, 1, padding), s[3] });
	Pool2DOptionsT o;

	o.padding = padding;
	o.stride_h = o.stride_w = stride;
	o.filter_height = o.filter_width = kernel;
	o.fused_activation_function = act;
	n.op(most ? BuiltinOperator_MAX_POOL_2D : BuiltinOperator_AVERAGE_POOL_2D, { x }, { y }, n.integers() ? 2 : 1, o);
	return y;
}

template <typename Options> static int arithmetic(Net &n, BuiltinOperator code, int a, int b, ActivationFunctionType act)
{
	Shape s = product(n.shape(a)) >= product(n.shape(b)) ? n.shape(a) : n.shape(b);
	int y = n.value(s, code == BuiltinOperator_MUL ? 0.05f : 0.04f, act ? -128 : between(-10, 10));
	Options o;

	o.fused_activation_function = act;
	n.op(code, { a, b }, { y }, n.integers() ? 2 : 1, o);
	return y;
}

static int reshape(Net &n, int x, const Shape &to, bool by_tensor)
{
	int y = n.like(x, to);
	ReshapeOptionsT o;
	std::vector<int> in = { x };

	o.new_shape = to;
	if (by_tensor)
		in.push_back(n.ints(to));
	n.op(BuiltinOperator_RESHAPE, in, { y }, 1, o);
	return y;
}

static int function(Net &n, BuiltinOperator code, int x, float scale, int zero, int version = 2)
{
	int y = n.value(n.shape(x), scale, zero);

	n.op(code, { x }, { y }, n.integers() ? version : 1);
	return y;
}

static int resize(Net &n, int x, int h, int w, bool nearest, bool corners, bool half)
{
	int y = n.like(x, { 1, h, w, n.shape(x)[3] });

	if (nearest) {
		ResizeNearestNeighborOptionsT o;

		o.align_corners = corners;
		o.half_pixel_centers = half;
		n.op(BuiltinOperator_RESIZE_NEAREST_NEIGHBOR, { x, n.ints({ h, w }) }, { y }, half || corners ? 3 : n.integers() ? 2 : 1, o);
	} else {
		ResizeBilinearOptionsT o;

		o.align_corners = corners;
		o.half_pixel_centers = half;
		n.op(BuiltinOperator_RESIZE_BILINEAR, { x, n.ints({ h, w }) }, { y }, half ? 3 : n.integers() ? 2 : 1, o);
	}
	return y;
}

static int concat(Net &n, const std::vector<int> &parts, int axis)
{
	Shape to = n.shape(parts[0]);
	ConcatenationOptionsT o;

	to[(size_t)(axis < 0 ? axis + 4 : axis)] = 0;
	for (int p : parts)
		to[(size_t)(axis < 0 ? axis + 4 : axis)] += n.shape(p)[(size_t)(axis < 0 ? axis + 4 : axis)];
	int y = n.like(parts[0], to);
	o.axis = axis;
	n.op(BuiltinOperator_CONCATENATION, parts, { y }, n.integers() ? 2 : 1, o);
	return y;
}

static int mean(Net &n, int x, const std::vector<int32_t> &axes, bool keep)
{
	Shape to;
	ReducerOptionsT o;

	for (int i = 0; i < 4; i++) {
		bool gone = false;

		for (int a : axes)
			gone |= (a + 4) % 4 == i;
		if (!gone || keep)
			to.push_back(gone ? 1 : n.shape(x)[(size_t)i]);
	}
	int y = n.value(to, 0.015f, between(-10, 10));
	o.keep_dims = keep;
	n.op(BuiltinOperator_MEAN, { x, n.ints(axes) }, { y }, n.integers() ? 2 : 1, o);
	return y;
}

using Build = std::function<std::vector<int>(Net &)>;

static std::string folder;
static FILE *names;
static int written;

static void network(Kind kind, const std::string &name, const Build &build)
{
	Net n(kind);

	n.save(folder + "/" + std::to_string(written) + ".tflite", build(n));
	fprintf(names, "%s, %s\n", name.c_str(), kind_names[(int)kind]);
	written++;
}

static Shape image() { return { 1, between(5, 17), between(5, 17), pick({ 1, 3, 4, 8, 13, 16, 24, 40 }) }; }

static void convolutions(Kind kind)
{
	for (Padding padding : { Padding_SAME, Padding_VALID })
		for (int stride : { 1, 2, 3 }) {
			network(kind, "CONV_2D", [&](Net &n) -> std::vector<int> {
				const int dilation = stride == 1 && between(0, 1) ? 2 : 1;

				return { conv(n, n.input(image()), between(1, 40), pick({ 1, 2, 3, 3 }), stride, dilation, padding, activation(n)) };
			});
			network(kind, "DEPTHWISE_CONV_2D", [&](Net &n) -> std::vector<int> {
				const int dilation = stride == 1 && between(0, 1) ? 2 : 1;

				return { depthwise(n, n.input(image()), pick({ 1, 1, 2, 3 }), pick({ 2, 3, 3 }), stride, dilation, padding, activation(n)) };
			});
			network(kind, "TRANSPOSE_CONV", [&](Net &n) -> std::vector<int> {
				Shape s = image();
				/* SAME wants a kernel at least as large as the stride. */
				return { transposed(n, n.input(s), between(1, 20), stride + between(0, 2), stride, padding, between(0, 1)) };
			});
		}
	network(kind, "FULLY_CONNECTED", [](Net &n) -> std::vector<int> {
		return { dense(n, n.input({ 1, between(5, 200) }), between(1, 60), false, activation(n)) };
	});
	network(kind, "FULLY_CONNECTED of many", [](Net &n) -> std::vector<int> {
		return { dense(n, n.input({ 1, between(2, 6), between(5, 50) }), between(1, 60), true, activation(n)) };
	});
	/* A small image straight into a matrix. */
	network(kind, "RESHAPE FULLY_CONNECTED", [](Net &n) -> std::vector<int> {
		Shape s = { 1, 4, 5, 6 };

		return { dense(n, reshape(n, n.input(s), { 1, 120 }, true), 10, false, ActivationFunctionType_NONE) };
	});
}

static void grouped(Kind kind)
{
	network(kind, "CONV_2D grouped", [](Net &n) -> std::vector<int> {
		return { conv(n, n.input({ 1, 9, 8, 12 }), 9 * pick({ 1, 2 }), 3, pick({ 1, 2 }), 1, Padding_SAME, activation(n), 3) };
	});
}

static void others(Kind kind)
{
	for (int times = 0; times < 3; times++) {
		for (bool most : { false, true })
			for (Padding padding : { Padding_SAME, Padding_VALID })
				network(kind, most ? "MAX_POOL_2D" : "AVERAGE_POOL_2D", [&](Net &n) -> std::vector<int> {
					return { pool(n, n.input(image()), most, pick({ 2, 3, 5 }), pick({ 1, 2, 3 }), padding, activation(n)) };
				});
		network(kind, "ADD", [](Net &n) -> std::vector<int> {
			Shape s = image();
			int x = n.input(s), y = depthwise(n, x, 1, 3, 1, 1, Padding_SAME, ActivationFunctionType_NONE);

			return { arithmetic<AddOptionsT>(n, BuiltinOperator_ADD, x, y, activation(n)) };
		});
		network(kind, "SUB", [](Net &n) -> std::vector<int> {
			int x = n.input(image()), y = pool(n, x, true, 3, 1, Padding_SAME, ActivationFunctionType_NONE);

			return { arithmetic<SubOptionsT>(n, BuiltinOperator_SUB, x, y, activation(n)) };
		});
		network(kind, "MUL", [](Net &n) -> std::vector<int> {
			int x = n.input(image()), y = mean(n, x, { 1, 2 }, true);

			return { arithmetic<MulOptionsT>(n, BuiltinOperator_MUL, between(0, 1) ? x : pool(n, x, true, 3, 1, Padding_SAME, ActivationFunctionType_NONE), y, activation(n)) };
		});
		network(kind, "MAXIMUM MINIMUM", [](Net &n) -> std::vector<int> {
			int x = n.input(image()), y = pool(n, x, true, 3, 1, Padding_SAME, ActivationFunctionType_NONE);
			int a = n.like(x, n.shape(x)), b = n.like(x, n.shape(x));

			n.op(BuiltinOperator_MAXIMUM, { x, y }, { a }, n.integers() ? 2 : 1, MaximumMinimumOptionsT());
			n.op(BuiltinOperator_MINIMUM, { a, y }, { b }, n.integers() ? 2 : 1, MaximumMinimumOptionsT());
			return { b };
		});
		for (bool nearest : { false, true })
			for (int way : { 0, 1, 2 })
				network(kind, nearest ? "RESIZE_NEAREST_NEIGHBOR" : "RESIZE_BILINEAR", [&](Net &n) -> std::vector<int> {
					Shape s = image();
					const bool twice = between(0, 1);

					return { resize(n, n.input(s), twice ? 2 * s[1] : between(3, 20), twice ? 2 * s[2] : between(3, 20), nearest, way == 1, way == 2) };
				});
		network(kind, "MEAN", [&](Net &n) -> std::vector<int> {
			return { times == 2 ? mean(n, n.input(image()), { 3 }, between(0, 1)) : mean(n, n.input(image()), { 1, times ? 2 : -2 }, between(0, 1)) };
		});
		network(kind, "CONCATENATION", [&](Net &n) -> std::vector<int> {
			Shape s = image();
			int x = n.input(s), y = pool(n, x, true, 3, 1, Padding_SAME, ActivationFunctionType_NONE);

			return { concat(n, { x, y, x }, pick({ 1, 2, 3, -1 })) };
		});
		network(kind, "PAD", [&](Net &n) -> std::vector<int> {
			Shape s = image();
			std::vector<int32_t> p = { 0, 0, between(0, 2), between(0, 3), between(0, 2), between(0, 3), 0, times == 2 ? between(0, 5) : 0 };
			int x = n.input(s), y = n.like(x, { 1, s[1] + p[2] + p[3], s[2] + p[4] + p[5], s[3] + p[7] });

			n.op(BuiltinOperator_PAD, { x, n.constant<int32_t>({ 4, 2 }, TensorType_INT32, p) }, { y }, n.integers() ? 2 : 1, PadOptionsT());
			return { times ? y : depthwise(n, y, 1, 3, 2, 1, Padding_VALID, ActivationFunctionType_RELU) };
		});
		network(kind, "STRIDED_SLICE", [&](Net &n) -> std::vector<int> {
			Shape s = { 1, between(6, 12), between(6, 12), 8 };
			int x = n.input(s);
			StridedSliceOptionsT o;

			if (times == 2) {
				int y = n.like(x, { 1, s[2], 8 });

				o.begin_mask = 0b1101;
				o.end_mask = 0b1101;
				o.shrink_axis_mask = 0b0010;
				n.op(BuiltinOperator_STRIDED_SLICE, { x, n.ints({ 0, 2, 0, 0 }), n.ints({ 0, 3, 0, 0 }), n.ints({ 1, 1, 1, 1 }) }, { y }, n.integers() ? 2 : 1, o);
				return { y };
			}
			int y = n.like(x, { 1, (s[1] - 1 + 1) / 2, s[2] - 3, 5 });
			n.op(BuiltinOperator_STRIDED_SLICE, { x, n.ints({ 0, 1, 0, 2 }), n.ints({ 1, s[1], -3, 7 }), n.ints({ 1, 2, 1, 1 }) }, { y }, n.integers() ? 2 : 1, o);
			return { y };
		});
		network(kind, "SPLIT", [](Net &n) -> std::vector<int> {
			Shape s = { 1, 7, 6, 12 };
			int x = n.input(s), a = n.like(x, { 1, 7, 6, 4 }), b = n.like(x, { 1, 7, 6, 4 }), c = n.like(x, { 1, 7, 6, 4 });
			SplitOptionsT o;

			o.num_splits = 3;
			n.op(BuiltinOperator_SPLIT, { n.constant<int32_t>({}, TensorType_INT32, { 3 }), x }, { a, b, c }, n.integers() ? 2 : 1, o);
			return { concat(n, { c, a }, 3), b };
		});
		network(kind, "SPLIT_V", [](Net &n) -> std::vector<int> {
			Shape s = { 1, 7, 6, 12 };
			int x = n.input(s), a = n.like(x, { 1, 7, 6, 5 }), b = n.like(x, { 1, 7, 6, 7 });
			SplitVOptionsT o;

			o.num_splits = 2;
			n.op(BuiltinOperator_SPLIT_V, { x, n.ints({ 5, 7 }), n.constant<int32_t>({}, TensorType_INT32, { 3 }) }, { a, b }, n.integers() ? 2 : 1, o);
			return { b, a };
		});
	}
	network(kind, "LOGISTIC", [](Net &n) -> std::vector<int> { return { function(n, BuiltinOperator_LOGISTIC, n.input(image()), 1 / 256.f, -128) }; });
	network(kind, "TANH", [](Net &n) -> std::vector<int> { return { function(n, BuiltinOperator_TANH, n.input(image()), 1 / 128.f, 0) }; });
	network(kind, "SOFTMAX", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, between(2, 100) }), y = n.value(n.shape(x), 1 / 256.f, -128);
		SoftmaxOptionsT o;

		o.beta = 1;
		n.op(BuiltinOperator_SOFTMAX, { x }, { y }, n.integers() ? 2 : 1, o);
		return { y };
	});
	network(kind, "DEPTH_TO_SPACE SPACE_TO_DEPTH", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, 4, 6, 12 }), y = n.like(x, { 1, 8, 12, 3 }), z = n.like(x, { 1, 4, 6, 12 });
		DepthToSpaceOptionsT d;
		SpaceToDepthOptionsT s;

		d.block_size = s.block_size = 2;
		n.op(BuiltinOperator_DEPTH_TO_SPACE, { x }, { y }, n.integers() ? 2 : 1, d);
		int p = pool(n, y, true, 2, 1, Padding_SAME, ActivationFunctionType_NONE);
		n.op(BuiltinOperator_SPACE_TO_DEPTH, { p }, { z }, n.integers() ? 2 : 1, s);
		return { z };
	});
	network(kind, "TRANSPOSE", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, 5, 6, 7 }), y = n.like(x, { 1, 7, 5, 6 });

		n.op(BuiltinOperator_TRANSPOSE, { x, n.ints({ 0, 3, 1, 2 }) }, { y }, n.integers() ? 2 : 1, TransposeOptionsT());
		return { y };
	});
	network(kind, "GATHER", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, 5, 6, 7 }), y = n.like(x, { 1, 5, 6, 4 });
		GatherOptionsT o;

		o.axis = 3;
		n.op(BuiltinOperator_GATHER, { x, n.ints({ 6, 0, 3, 3 }) }, { y }, n.integers() ? 2 : 1, o);
		return { y };
	});
	network(kind, "SQUEEZE EXPAND_DIMS PACK", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, 1, 6, 7 }), y = n.like(x, { 6, 7 }), z = n.like(x, { 6, 1, 7 }), w = n.like(x, { 6, 2, 1, 7 });
		SqueezeOptionsT s;
		PackOptionsT p;

		s.squeeze_dims = { 0, 1 };
		n.op(BuiltinOperator_SQUEEZE, { x }, { y }, 1, s);
		n.op(BuiltinOperator_EXPAND_DIMS, { y, n.constant<int32_t>({}, TensorType_INT32, { 1 }) }, { z }, 1, ExpandDimsOptionsT());
		p.values_count = 2;
		p.axis = 1;
		n.op(BuiltinOperator_PACK, { z, z }, { w }, n.integers() ? 2 : 1, p);
		return { w };
	});
}

static void signed_only(Kind kind)
{
	network(kind, "HARD_SWISH", [](Net &n) -> std::vector<int> { return { function(n, BuiltinOperator_HARD_SWISH, n.input(image()), 0.015f, -100, 1) }; });
	network(kind, "LEAKY_RELU", [](Net &n) -> std::vector<int> {
		int x = n.input(image()), y = n.value(n.shape(x), 0.015f, -60);
		LeakyReluOptionsT o;

		o.alpha = 0.2f;
		n.op(BuiltinOperator_LEAKY_RELU, { x }, { y }, n.integers() ? 2 : 1, o);
		return { y };
	});
	network(kind, "RELU RELU6", [](Net &n) -> std::vector<int> {
		int x = n.input(image());

		return { function(n, BuiltinOperator_RELU, x, 0.02f, -128), function(n, BuiltinOperator_RELU6, x, 6 / 255.f, -128) };
	});
}

static int inverted(Net &n, int x, int wide, int outs, int kernel, int stride)
{
	int a = conv(n, x, wide, 1, 1, 1, Padding_SAME, ActivationFunctionType_RELU6);
	int b = depthwise(n, a, 1, kernel, stride, 1, Padding_SAME, ActivationFunctionType_RELU6);
	int c = conv(n, b, outs, 1, 1, 1, Padding_SAME, ActivationFunctionType_NONE);

	return n.shape(x) == n.shape(c) ? arithmetic<AddOptionsT>(n, BuiltinOperator_ADD, x, c, ActivationFunctionType_NONE) : c;
}

static void whole(Kind kind)
{
	network(kind, "classifier", [](Net &n) -> std::vector<int> {
		int x = conv(n, n.input({ 1, 32, 32, 3 }), 16, 3, 2, 1, Padding_SAME, ActivationFunctionType_RELU6);

		x = inverted(n, inverted(n, inverted(n, x, 48, 16, 3, 1), 64, 24, 5, 2), 96, 24, 3, 1);
		x = mean(n, x, { 1, 2 }, false);
		return { dense(n, x, 20, false, ActivationFunctionType_NONE) };
	});
	network(kind, "detector", [](Net &n) -> std::vector<int> {
		int x = conv(n, n.input({ 1, 32, 32, 3 }), 16, 3, 2, 1, Padding_SAME, ActivationFunctionType_RELU);
		int a = inverted(n, x, 32, 24, 3, 2), b = inverted(n, a, 48, 32, 3, 2);
		int p = reshape(n, conv(n, a, 8, 3, 1, 1, Padding_SAME, ActivationFunctionType_NONE), { 1, 128, 4 }, false);
		int q = reshape(n, conv(n, b, 16, 3, 1, 1, Padding_SAME, ActivationFunctionType_NONE), { 1, 64, 4 }, false);
		ConcatenationOptionsT o;
		int y = n.like(p, { 1, 192, 4 });

		o.axis = 1;
		n.op(BuiltinOperator_CONCATENATION, { p, q }, { y }, 1, o);
		return { y };
	});
	network(kind, "segmenter", [](Net &n) -> std::vector<int> {
		int x = n.input({ 1, 24, 32, 3 });
		int a = conv(n, x, 12, 3, 1, 1, Padding_SAME, ActivationFunctionType_RELU);
		int b = conv(n, pool(n, a, true, 2, 2, Padding_SAME, ActivationFunctionType_NONE), 24, 3, 1, 2, Padding_SAME, ActivationFunctionType_RELU);
		int up = transposed(n, b, 12, 2, 2, Padding_SAME, false), big = resize(n, b, 24, 32, false, false, true);

		return { function(n, BuiltinOperator_LOGISTIC, conv(n, concat(n, { up, a, big }, 3), 1, 1, 1, 1, Padding_SAME, ActivationFunctionType_NONE), 1, 0) };
	});
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: tflite_networks SEED FOLDER\n");
		return 2;
	}
	state = strtoull(argv[1], nullptr, 0);
	folder = argv[2];
	names = fopen((folder + "/names.txt").c_str(), "w");
	if (!names)
		return 1;
	for (Kind kind : { Kind::real, Kind::half, Kind::channel, Kind::tensor, Kind::unsign })
		convolutions(kind);
	for (Kind kind : { Kind::real, Kind::channel })
		grouped(kind);
	for (Kind kind : { Kind::real, Kind::channel, Kind::unsign })
		others(kind);
	for (Kind kind : { Kind::real, Kind::channel })
		signed_only(kind);
	for (Kind kind : { Kind::real, Kind::half })
		whole(kind);
	printf("%d\n", written);
	return fclose(names) != 0;
}
