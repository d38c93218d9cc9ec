/* SPDX-License-Identifier: MIT */
/*
 * Inside of the channel data processor: cdp.c reads the registers and moves
 * the data, cdp_lrn.c does the arithmetic of INT8 and INT16, cdp_fp.c that of
 * FP16.
 */
#ifndef NPUSIM_CDP_H
#define NPUSIM_CDP_H

#include "core.h"

enum cdp_precision { CDP_INT8, CDP_INT16, CDP_FP16 };

/* Event counters of an operation. */
enum cdp_count {
	CDP_COUNT_UFLOW,	/* below both tables */
	CDP_COUNT_OFLOW,	/* above both tables */
	CDP_COUNT_HYBRID,	/* in both, or below one and above the other */
	CDP_COUNT_LE_HIT,	/* in table LE alone */
	CDP_COUNT_LO_HIT,	/* in table LO alone */
	CDP_COUNTS
};

/* (v - offset) * scale >> shift */
struct cdp_cvt {
	int32_t offset;
	int16_t scale;
	unsigned int shift;
};

/* A lookup table: where it starts and ends, and what goes on outside. */
struct cdp_table {
	const int16_t *value;
	unsigned int entries;
	int64_t start, end;		/* 38 bits; FP16: FP32 in the low 32 */
	int select;			/* linear: entries are 2^select apart */
	unsigned int max_spread;	/* of -@select; LO's shifter has a bit less */
	int16_t uflow_scale, oflow_scale;
	unsigned int uflow_shift, oflow_shift;
};

/**
 * struct cdp_lrn - registers of an operation
 * @precision: of what goes in and comes out
 * @in: input converter
 * @out: output converter
 * @reach: channels on either side that are summed, 1 to 4
 * @square: sum squares; else the tables see the converted input itself
 * @multiply: multiply by the converted input at the end
 * @exponential: table LE is exponential
 * @le_offset: exponent of its first entry
 * @le: table LE
 * @lo: table LO
 * @lo_on_uflow: LO answers below both tables
 * @lo_on_oflow: LO answers above both tables
 * @lo_on_hybrid: LO answers in both tables
 */
struct cdp_lrn {
	enum cdp_precision precision;
	struct cdp_cvt in, out;
	unsigned int reach;
	bool square, multiply;
	bool exponential;
	int le_offset;
	struct cdp_table le, lo;
	bool lo_on_uflow, lo_on_oflow, lo_on_hybrid;
};

/* Where a value lies in a table. */
struct cdp_position {
	unsigned int index;
	uint32_t fraction;
	bool uflow, oflow;
};

/* Whether table LO answers for a value at @le and @lo; counts what happened. */
static inline bool cdp_choose_lo(const struct cdp_lrn *lrn, const struct cdp_position *le,
				 const struct cdp_position *lo, uint32_t *count)
{
	const bool le_miss = le->uflow || le->oflow, lo_miss = lo->uflow || lo->oflow;

	if (le->uflow && lo->uflow) {
		count[CDP_COUNT_UFLOW]++;
		return lrn->lo_on_uflow;
	}
	if (le->oflow && lo->oflow) {
		count[CDP_COUNT_OFLOW]++;
		return lrn->lo_on_oflow;
	}
	if (le_miss == lo_miss) {
		count[CDP_COUNT_HYBRID]++;
		return lrn->lo_on_hybrid;
	}

	count[le_miss ? CDP_COUNT_LO_HIT : CDP_COUNT_LE_HIT]++;
	return le_miss;
}

void cdp_lrn_pixel(const struct cdp_lrn *lrn, const int16_t *in, uint32_t *work, int16_t *out,
		   unsigned int channels, unsigned int padded, uint32_t *count);
/* The same in FP16; what @in and @out hold are its bits. */
void cdp_fp_pixel(const struct cdp_lrn *lrn, const int16_t *in, uint32_t *work, int16_t *out,
		  unsigned int channels, unsigned int padded, uint32_t *count);

#endif /* NPUSIM_CDP_H */
