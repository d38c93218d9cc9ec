/* SPDX-License-Identifier: MIT */
/*
 * Inside the convolution: what CDMA, CBUF, CSC, CMAC and CACC share.
 */
#ifndef NPUSIM_CONV_H
#define NPUSIM_CONV_H

#include "state.h"

#define SIM_NO_BANK	0xff	/* no register can hold it */

enum sim_conv_mode {
	SIM_MODE_NONE,
	SIM_MODE_DIRECT,
	SIM_MODE_IMAGE,
	SIM_MODE_WINOGRAD,
};

/* Fields of the group that CDMA and CSC are to run next. */
#define CDMA_FIELD(core, reg, field)	FIELD_GET(CDMA_##reg##_##field, sim_cdma(core, CDMA_##reg))
#define CSC_FIELD(core, reg, field)	FIELD_GET(CSC_##reg##_##field, sim_csc(core, CSC_##reg))

/* Numbers that the convolution multiplies: values of PROC_PRECISION. */
enum sim_precision {
	SIM_INT8,
	SIM_INT16,
	SIM_FP16,
};

uint32_t sim_cdma(const struct sim_core *core, uint32_t reg);
uint32_t sim_csc(const struct sim_core *core, uint32_t reg);
enum sim_conv_mode sim_cdma_mode(const struct sim_core *core);
enum sim_conv_mode sim_csc_mode(const struct sim_core *core);

/* INT8 where the configuration knows nothing else, whatever the register holds. */
enum sim_precision sim_cdma_precision(const struct sim_core *core);
enum sim_precision sim_csc_precision(const struct sim_core *core);

static inline unsigned int sim_precision_bytes(enum sim_precision precision)
{
	return precision == SIM_INT8 ? 1 : 2;
}

/* Kernels of a full group: two of 8 bits, or one of 16, share a multiplier row. */
static inline unsigned int sim_group_kernels(const struct nvdla_config *config,
					     enum sim_precision precision)
{
	return config->atomic_k / sim_precision_bytes(precision);
}

/* cbuf.c */

/* @index + @add in a ring of @size. */
uint32_t sim_ring_add(uint32_t index, uint32_t add, uint32_t size);
/* Entries of the ring whose bank register says @bank. */
uint32_t sim_data_ring(const struct sim_core *core, unsigned int bank);
bool sim_cdma_pends(const struct sim_core *core);
/* CSC turns to its next operation, if it can: flush, or release what is left. */
void sim_csc_begin(struct sim_core *core);
/* CSC has finished an operation that read so many entries of weights and masks. */
void sim_csc_end(struct sim_core *core, uint32_t wt_entries, uint32_t wmb_entries);

/* cdma.c */

/*
 * The address in two registers, as hardware takes it: whole atoms, and no
 * more bits than its address has.
 */
uint64_t sim_cdma_address(const struct sim_core *core, uint32_t high, uint32_t low);

/* How the samples of a feature slice lie in CBUF entries. */
struct sim_slice {
	unsigned int atoms;	/* memory atoms per pixel */
	unsigned int per;	/* atoms per CBUF entry */
	unsigned int full;	/* entries per pixel that are full */
	unsigned int rest;	/* atoms of the last, partly filled block */
	unsigned int shift;	/* log2 of the pixels that share an entry there */
};

void sim_slice_init(const struct nvdla_config *config, unsigned int channels, unsigned int bytes,
		    struct sim_slice *slice);

/*
 * The input converter of one element; @op is its offset or mean. FP16 results
 * are the bits of the number.
 */
int32_t sim_cvt(int32_t v, int32_t op, int32_t scale, unsigned int truncate,
		enum sim_precision precision);

/* Counts of FP16 input. */
struct sim_floats {
	uint32_t nans, infs;
};

/* What lies in a buffer as CDMA hands it to CBUF: converted, or counted and flushed. */
void sim_cdma_convert(struct sim_core *core, uint8_t *data, size_t len,
		      struct sim_floats *floats);
void sim_cdma_count_floats(struct sim_core *core, unsigned int group,
			   const struct sim_floats *floats);

/* cdma_winograd.c */
int sim_winograd_load(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		      struct sim_cost *cost);
/* Lines that CSC will see. */
uint64_t sim_winograd_slices(const struct sim_core *core);

/* image.c */
int sim_image_load(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		   struct sim_cost *cost);

/* weights.c */

/**
 * struct sim_weights - the weight stream of one operation
 * @lag: bytes that come out of CBUF before those in memory, when streaming
 */
struct sim_weights {
	struct sim_core *core;
	uint64_t addr;
	uint64_t bytes;		/* of the stream in memory */
	uint64_t pos;		/* read so far */
	uint64_t lag;
	uint32_t rd;		/* entry at which CSC begins */
	uint32_t base;		/* first entry of the weight banks */
	uint32_t ring;
	enum npusim_port port;
	bool stream;
	uint32_t reg;			/* CDMA register of the address */
	uint8_t bits;			/* masks: bits of the byte read last ... */
	unsigned int bits_left;		/* ... that are left */
	struct sim_cost *cost;
};

bool sim_weights_reused(const struct sim_core *core);
uint64_t sim_weight_entries_needed(const struct sim_core *core);
int sim_weights_load(struct sim_core *core, unsigned int group, struct sim_load *load,
		     struct sim_fetch *fetch, struct sim_cost *cost);
int sim_weights_read(struct sim_weights *weights, uint8_t *dst, size_t len);

/* Fetch what is left of a stream: CDMA fetches WEIGHT_BYTES, whatever CSC takes. */
int sim_weights_finish(struct sim_weights *weights);

/**
 * sim_weights_expand() - read compressed weights
 * @masks: one bit per weight, lowest first; @weights has those whose bit is set
 * @len: weights to make, zeros included
 * @size: bytes of a weight, 1 or 2
 */
int sim_weights_expand(struct sim_weights *weights, struct sim_weights *masks, uint8_t *dst,
		       size_t len, unsigned int size);

/* mac.c */

/**
 * struct sim_tap - one piece of a dot product
 * @offset: from a pixel's base to the first sample, in samples
 * @pairs: samples, in pairs
 */
struct sim_tap {
	ptrdiff_t offset;
	uint32_t pairs;
};

/**
 * sim_mac_tile() - dot products of some pixels with one kernel group
 * @base: first sample of each pixel
 * @pixels: how many
 * @taps: pieces, the same for every pixel
 * @weights: [tap][pair][kernel][2]
 * @kernels: a multiple of 8, 32 at most
 * @acc: [pixel][kernel], set
 *
 * Sums are 32 bits wide: the caller sees to it that 131071 products or fewer
 * of 8-bit numbers go into one.
 */
void sim_mac_tile(const int16_t *const *base, unsigned int pixels, const struct sim_tap *taps,
		  unsigned int tap_count, const int16_t *weights, unsigned int kernels,
		  int32_t *acc);
/* The same on any machine, in plain C. */
void sim_mac_tile_portable(const int16_t *const *base, unsigned int pixels,
			   const struct sim_tap *taps, unsigned int tap_count,
			   const int16_t *weights, unsigned int kernels, int32_t *acc);
/* One piece of 16-bit numbers, added to @acc: 64 bits hold any sum exactly. */
void sim_mac_tile_int16(const int16_t *const *base, unsigned int pixels,
			const struct sim_tap *tap, const int16_t *weights, unsigned int kernels,
			int64_t *acc);
#define SIM_MAC_PIXELS	24	/* a good number at a time: a multiple of 3, 6 and 8 */

/* csc.c */

/* An operation, as CSC's registers describe it. */
struct sim_conv_op {
	bool image, winograd;
	enum sim_precision precision;
	unsigned int bytes;			/* per sample */
	unsigned int lanes;			/* kernels in a full group */
	unsigned int batches;
	unsigned int in_width, in_height;	/* EXT: what CSC sees of CBUF */
	unsigned int channels;			/* samples per position: image: C x S */
	unsigned int pixel_samples;		/* image: samples per pixel */
	unsigned int r, s;
	unsigned int stride_x, stride_y, dil_x, dil_y;
	unsigned int pad_left, pad_top;
	int16_t pad;
	unsigned int out_width, out_height, kernels;
	unsigned int entries;
	unsigned int y_ext;			/* kernel lines taken at once: 1, 2, 4 */
	unsigned int truncate;
	uint32_t ring;
	/* padded input */
	unsigned int row_samples, rows;
	unsigned int block;			/* samples per position and block */
	unsigned int blocks;
	size_t plane;				/* samples per block */
	size_t cube;				/* ... and per cube of a batch */
	int16_t *in;
	/* dot product */
	struct sim_tap *taps;
	uint32_t *tap_samples;
	unsigned int tap_count;
	size_t pair_count;
	uint64_t sum_length;
};

/*
 * The input of all cubes of a batch as @op->in, which the caller frees: feature
 * data as [cube][block][row][x][samples], images as [row][samples].
 */
/* The CBUF entry @offset entries behind the first one of the input. */
const uint8_t *sim_csc_entry(const struct sim_core *core, const struct sim_conv_op *op,
			     uint64_t offset);
int sim_gather_direct(struct sim_core *core, struct sim_conv_op *op);
int sim_gather_image(struct sim_core *core, struct sim_conv_op *op);

/* winograd.c */

/* CSC's pre-addition of one channel's 4x4 window, line by line, in place. */
void sim_pre_add(int32_t *v, unsigned int truncate, enum sim_precision precision);

/* The input as [2x2 outputs][block][point][channel], transformed. */
int sim_gather_winograd(struct sim_core *core, struct sim_conv_op *op);
/* A tap for each block of four channels. */
int sim_winograd_taps(struct sim_core *core, struct sim_conv_op *op);
/* One kernel group over all pixels. */
void sim_winograd_group(const struct sim_conv_op *op, const int16_t *weights,
			unsigned int kernels, int32_t *out, uint32_t *saturated);

#endif /* NPUSIM_CONV_H */
