// SPDX-License-Identifier: MIT
/*
 * Weights ahead of their convolution. CDMA fetches data and weights of an
 * operation when it is enabled, and that waits for the operation whose result
 * it reads; but weights wait for nobody. To CDMA the weights of convolutions in
 * a row are a stream of bytes, which CSC takes from CBUF in the same order; how
 * the stream is cut into fetches nobody sees. So CDMA is told to fetch, with
 * each convolution, what fits into the time that it takes, and at least what the
 * next one needs.
 *
 * That begins with a convolution whose CDMA has no weights to fetch (a tile that
 * uses those of the tile before again), or whose fetch can bring the next one's
 * too. It ends where the division of the banks changes.
 */
#include <errno.h>
#include <stdlib.h>

#include "npu_code.h"

/* Cycles between two convolutions of which one waits for the other's result. */
#define TURN	150

/* Cycles from CDMA's start to the first byte. */
#define LATENCY	100

/* Kernels and their bytes that CDMA's registers can hold. */
#define MOST_KERNELS		(FIELD_GET(CDMA_D_WEIGHT_SIZE_1_WEIGHT_KERNEL, UINT32_MAX) + 1)
#define MOST_KERNEL_BYTES	(FIELD_GET(CDMA_D_WEIGHT_SIZE_0_BYTE_PER_KERNEL, UINT32_MAX) + 1)

/**
 * struct fetch - what CDMA is told of weights
 * @kernel_bytes: of a kernel
 * @kernels: how many
 * @bytes: of all
 * @address: where they are
 */
struct fetch {
	uint32_t kernel_bytes, kernels, bytes;
	struct drm_nvdla_reloc address;
};

/**
 * struct conv - a convolution among the hardware operations
 * @op: it
 * @own: its weights
 * @bank: D_BANK
 * @loads: it needs a fetch; else it works with those of the one before
 * @waits: it reads a result of the one before, or of what depends on that
 * @work: cycles of CSC
 * @data: bytes of data that CDMA fetches
 * @fetch: what its CDMA shall fetch; nothing if @fetch.bytes is 0
 */
struct conv {
	const struct drm_nvdla_op *op;
	struct fetch own;
	uint32_t bank;
	bool loads, waits;
	uint64_t work, data;
	struct fetch fetch;
};

/**
 * struct stream - how far weights have been fetched
 * @next: the convolution whose weights come next
 * @bytes: what has been fetched of those already
 * @kernels: and counted
 * @stock: bytes in CBUF that are for convolutions behind the present one
 * @stock_kernels: and kernels
 */
struct stream {
	uint32_t next;
	uint32_t bytes, kernels;
	uint64_t stock;
	uint32_t stock_kernels;
};

static uint32_t *find_reg(struct npu_code *code, const struct drm_nvdla_op *op, uint32_t offset)
{
	static uint32_t zero;
	uint32_t i;

	for (i = 0; i < op->reg_count; i++) {
		if (code->regs[op->first_reg + i].offset == offset)
			return &code->regs[op->first_reg + i].value;
	}
	return &zero;
}

static struct drm_nvdla_reloc *find_reloc(struct npu_code *code, const struct drm_nvdla_op *op,
					  uint32_t offset)
{
	uint32_t i = 0;

	while (code->relocs[op->first_reloc + i].reg != offset)
		i++;
	return &code->relocs[op->first_reloc + i];
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

#define READ(code, op, config, unit, reg, field) \
	FIELD_GET(unit##_##reg##_##field, \
		  *find_reg(code, op, (config)->base[NVDLA_##unit] + unit##_##reg))

static void read_conv(struct npu_code *code, const struct nvdla_config *config,
		      struct conv *conv)
{
	const struct drm_nvdla_op *op = conv->op;
	const uint32_t cdma = config->base[NVDLA_CDMA];
	const uint32_t misc = *find_reg(code, op, cdma + CDMA_D_MISC_CFG);
	const uint64_t pixels = READ(code, op, config, CSC, D_ATOMICS, ATOMICS) + 1;
	const uint64_t channels = READ(code, op, config, CSC, D_WEIGHT_SIZE_EXT_1,
				       WEIGHT_CHANNEL_EXT) + 1;
	uint64_t taps;

	conv->own = (struct fetch) {
		.kernel_bytes = *find_reg(code, op, cdma + CDMA_D_WEIGHT_SIZE_0) + 1,
		.kernels = *find_reg(code, op, cdma + CDMA_D_WEIGHT_SIZE_1) + 1,
		.bytes = *find_reg(code, op, cdma + CDMA_D_WEIGHT_BYTES),
		.address = *find_reloc(code, op, cdma + CDMA_D_WEIGHT_ADDR_LOW),
	};
	conv->bank = *find_reg(code, op, cdma + CDMA_D_BANK);
	conv->loads = !(misc & CDMA_D_MISC_CFG_WEIGHT_REUSE);
	/* Kernels are loaded into the array one a cycle. */
	taps = conv->own.kernel_bytes / channels * div_up(channels, config->atomic_c);
	conv->work = div_up(conv->own.kernels, config->atomic_k) * taps *
		     (pixels > config->atomic_k ? pixels : config->atomic_k);
	conv->data = (READ(code, op, config, CDMA, D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1ull) *
		     (READ(code, op, config, CDMA, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1ull) *
		     (READ(code, op, config, CDMA, D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1ull);
}

/* Does @op wait for @from, or for one behind it? */
static bool waits_for(const struct npu_code *code, const struct drm_nvdla_op *op,
		      const struct drm_nvdla_op *from)
{
	uint32_t i;

	for (i = 0; i < op->dep_count; i++) {
		if (code->deps[op->first_dep + i] >= (uint32_t)(from - code->ops))
			return true;
	}
	return false;
}

static uint64_t weight_room(const struct nvdla_config *config, const struct conv *conv)
{
	return (FIELD_GET(CDMA_D_BANK_WEIGHT_BANK, conv->bank) + 1ull) *
	       config->cbuf_bank_depth * config->cbuf_bank_width;
}

/*
 * May @next's weights be fetched by convolution @index or one between them? The
 * banks stay as they are, and there is room beside what the last of them uses.
 */
static bool may_join(const struct nvdla_config *config, const struct conv *convs,
		     uint32_t index, uint32_t next)
{
	uint32_t i;

	for (i = index; i < next; i++) {
		if (convs[i].bank != convs[next].bank)
			return false;
	}
	return (uint64_t)convs[next - 1].own.bytes + convs[next].own.bytes <=
	       weight_room(config, &convs[next]);
}

/* Bytes per kernel with which no group is counted before it is there. */
static uint32_t average(const struct fetch *fetch)
{
	const uint64_t bytes = min64(fetch->bytes / fetch->kernels, MOST_KERNEL_BYTES);

	return bytes ? (uint32_t)bytes : 1;
}

/* The load behind @index; @count if there is none. */
static uint32_t next_load(const struct conv *convs, uint32_t count, uint32_t index)
{
	for (index++; index < count && !convs[index].loads; index++)
		;
	return index;
}

/* Do the stream's next bytes lie behind those that @fetch brings already? */
static bool follows(const struct fetch *fetch, const struct fetch *next, uint32_t skip)
{
	return !fetch->bytes || (fetch->address.slot == next->address.slot &&
				 fetch->address.delta + fetch->bytes ==
				 next->address.delta + skip);
}

/* Let @conv's CDMA fetch so much more of the stream, whose next weights are @next's. */
static void extend(struct conv *conv, const struct conv *next, struct stream *stream,
		   uint32_t bytes, uint32_t kernels)
{
	if (!conv->fetch.bytes) {
		conv->fetch.address = next->own.address;
		conv->fetch.address.delta += stream->bytes;
	}
	conv->fetch.bytes += bytes;
	conv->fetch.kernels += kernels;
	stream->bytes += bytes;
	stream->kernels += kernels;
	stream->stock += bytes;
	stream->stock_kernels += kernels;
}

/*
 * A convolution that fetches its own weights, and those of the next one if CDMA
 * can count them: it is told of the first one's kernels, since those are used as
 * soon as they are counted, and takes the last group to be there when all bytes
 * are; before, no more may be counted than come.
 */
static void begin(const struct nvdla_config *config, struct conv *convs, uint32_t count,
		  uint32_t index, struct stream *stream)
{
	struct conv *conv = &convs[index];
	const struct conv *next = conv + 1;
	uint64_t full;

	conv->fetch = conv->own;
	*stream = (struct stream) { .next = next_load(convs, count, index) };
	if (stream->next != index + 1 || stream->next == count ||
	    !may_join(config, convs, index, index + 1) || !follows(&conv->own, &next->own, 0))
		return;
	full = (conv->own.kernels + next->own.kernels - 1) / config->atomic_k * config->atomic_k;
	if (full * conv->own.kernel_bytes <= (uint64_t)conv->own.bytes + next->own.bytes &&
	    conv->own.kernels + next->own.kernels <= MOST_KERNELS)
		extend(conv, next, stream, next->own.bytes, next->own.kernels);
}

/* Bytes of weights that come while convolution @index is at work anyway. */
static uint64_t shadow(const struct conv *convs, uint32_t count, uint32_t index,
		       double bandwidth)
{
	const struct conv *conv = &convs[index];
	const bool turns = index + 1 < count && convs[index + 1].waits;
	const int64_t cycles = (int64_t)conv->work + (turns ? TURN : -LATENCY);
	const double bytes = bandwidth * (double)cycles - (double)conv->data;

	return bytes > 0 ? (uint64_t)bytes : 0;
}

/* Bytes that CBUF has room for beside what is at work, and what is there already. */
static uint64_t room_left(const struct nvdla_config *config, const struct conv *convs,
			  uint32_t index, const struct stream *stream)
{
	const uint64_t room = weight_room(config, &convs[index]);
	uint64_t taken = convs[index].own.bytes + stream->stock;

	/* CSC may still be with the one before. */
	if (index && convs[index].loads && !convs[index].waits)
		taken += convs[index - 1].own.bytes;
	return taken < room ? room - taken : 0;
}

/*
 * A convolution whose weights are there: its CDMA fetches what the next one
 * needs, and as much more as comes in the time that it takes itself.
 */
static void go_on(const struct nvdla_config *config, struct conv *convs, uint32_t count,
		  uint32_t index, double bandwidth, struct stream *stream)
{
	uint64_t left = shadow(convs, count, index, bandwidth);
	struct conv *conv = &convs[index];

	while (stream->next < count) {
		const struct conv *next = &convs[stream->next];
		const uint32_t bytes = next->own.bytes - stream->bytes;
		const uint32_t kernels = next->own.kernels - stream->kernels;
		uint64_t part = bytes, counted;

		if (!bytes) {
			stream->next = next_load(convs, count, stream->next);
			stream->bytes = 0;
			stream->kernels = 0;
			continue;
		}
		if ((!stream->bytes && !may_join(config, convs, index, stream->next)) ||
		    !follows(&conv->fetch, &next->own, stream->bytes))
			return;
		if (stream->next > index + 1) {
			part = min64(part, min64(left, room_left(config, convs, index, stream)));
			part -= part < bytes ? part % config->cbuf_bank_width : 0;
		}
		/* A fetch counts a kernel at least, and as many as the register holds. */
		counted = part < bytes ? min64(part * kernels / bytes, kernels - 1) : kernels;
		if (part < bytes && !counted && kernels > 1)
			counted = 1;
		if (!part || !counted || conv->fetch.kernels + counted > MOST_KERNELS ||
		    conv->own.kernels + stream->stock_kernels + counted > 2 * MOST_KERNELS)
			return;
		extend(conv, next, stream, (uint32_t)part, (uint32_t)counted);
		left -= min64(part, left);
		if (part < bytes)
			return;
	}
}

static void assign(const struct nvdla_config *config, struct conv *convs, uint32_t count,
		   double bandwidth)
{
	struct stream stream = { 0 };
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (convs[i].loads && stream.next == i && !stream.bytes) {
			begin(config, convs, count, i, &stream);
			continue;
		}
		if (convs[i].loads) {
			stream.stock -= convs[i].own.bytes;
			stream.stock_kernels -= convs[i].own.kernels;
		}
		if (stream.next == i) {
			stream.next = next_load(convs, count, i);
			stream.bytes = 0;
			stream.kernels = 0;
		}
		go_on(config, convs, count, i, bandwidth, &stream);
		/* What is told of kernels that are used later is how many come. */
		if (convs[i].fetch.bytes)
			convs[i].fetch.kernel_bytes = average(&convs[i].fetch);
	}
}

static void write_conv(struct npu_code *code, uint32_t base, const struct conv *conv,
		       const struct fetch *fetch, bool next_fetches)
{
	uint32_t *misc = find_reg(code, conv->op, base + CDMA_D_MISC_CFG);

	*misc &= ~(CDMA_D_MISC_CFG_WEIGHT_REUSE | CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS);
	if (!conv->fetch.bytes)
		*misc |= CDMA_D_MISC_CFG_WEIGHT_REUSE;
	/* To CDMA this says no more than that the next one may fetch nothing. */
	if (!next_fetches)
		*misc |= CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS;
	*find_reg(code, conv->op, base + CDMA_D_WEIGHT_SIZE_0) = fetch->kernel_bytes - 1;
	*find_reg(code, conv->op, base + CDMA_D_WEIGHT_SIZE_1) = fetch->kernels - 1;
	*find_reg(code, conv->op, base + CDMA_D_WEIGHT_BYTES) = fetch->bytes;
	*find_reloc(code, conv->op, base + CDMA_D_WEIGHT_ADDR_LOW) = fetch->address;
}

int npu_code_fetch_ahead(struct npu_code *code, const struct nvdla_config *config,
			 double bytes_per_cycle)
{
	struct conv *convs = calloc(code->op_count + 1, sizeof(*convs));
	const struct fetch *fetch = NULL;
	uint32_t i, count = 0;

	if (!convs)
		return -ENOMEM;
	for (i = 0; i < code->op_count; i++) {
		if (!(code->ops[i].engines & DRM_NVDLA_ENGINE_CONV))
			continue;
		convs[count].op = &code->ops[i];
		read_conv(code, config, &convs[count]);
		if (count)
			convs[count].waits = waits_for(code, convs[count].op, convs[count - 1].op);
		count++;
	}
	assign(config, convs, count, bytes_per_cycle);
	for (i = 0; i < count; i++) {
		/* Where nothing is fetched the registers stay as they were. */
		if (convs[i].fetch.bytes)
			fetch = &convs[i].fetch;
		write_conv(code, config->base[NVDLA_CDMA], &convs[i], fetch,
			   i + 1 == count || convs[i + 1].fetch.bytes);
	}
	free(convs);
	return 0;
}
