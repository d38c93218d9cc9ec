// SPDX-License-Identifier: MIT
/*
 * Lookup tables of the single data processor: index and fraction in both
 * tables, choice between them, interpolation, slopes outside of the range.
 */
#include "round.h"
#include "sdp.h"

#define FRACTION_BITS	35

/* Where a value lies in a table. */
struct position {
	unsigned int index;
	uint64_t fraction;
	bool uflow, oflow;
};

#define S(reg)		sim_reg(core, NVDLA_SDP, 0, reg)
#define SF(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_SDP, 0, reg))

/* sdp_lut_read_cfg() - read the registers of the tables, which are not banked */
void sdp_lut_read_cfg(const struct sim_core *core, struct sdp_lut_cfg *cfg)
{
	cfg->linear = SF(SDP_S_LUT_CFG, LUT_LE_FUNCTION);
	cfg->lo_on_uflow = SF(SDP_S_LUT_CFG, LUT_UFLOW_PRIORITY);
	cfg->lo_on_oflow = SF(SDP_S_LUT_CFG, LUT_OFLOW_PRIORITY);
	cfg->lo_on_hybrid = SF(SDP_S_LUT_CFG, LUT_HYBRID_PRIORITY);
	cfg->le_offset = (int8_t)SF(SDP_S_LUT_INFO, LUT_LE_INDEX_OFFSET);
	cfg->le_select = (int8_t)SF(SDP_S_LUT_INFO, LUT_LE_INDEX_SELECT);
	cfg->lo_select = (int8_t)SF(SDP_S_LUT_INFO, LUT_LO_INDEX_SELECT);
	cfg->le_start = (int32_t)S(SDP_S_LUT_LE_START);
	cfg->le_end = (int32_t)S(SDP_S_LUT_LE_END);
	cfg->lo_start = (int32_t)S(SDP_S_LUT_LO_START);
	cfg->lo_end = (int32_t)S(SDP_S_LUT_LO_END);
	cfg->le_uflow_scale = (int16_t)SF(SDP_S_LUT_LE_SLOPE_SCALE, LUT_LE_SLOPE_UFLOW_SCALE);
	cfg->le_oflow_scale = (int16_t)SF(SDP_S_LUT_LE_SLOPE_SCALE, LUT_LE_SLOPE_OFLOW_SCALE);
	cfg->lo_uflow_scale = (int16_t)SF(SDP_S_LUT_LO_SLOPE_SCALE, LUT_LO_SLOPE_UFLOW_SCALE);
	cfg->lo_oflow_scale = (int16_t)SF(SDP_S_LUT_LO_SLOPE_SCALE, LUT_LO_SLOPE_OFLOW_SCALE);
	cfg->le_uflow_shift = SF(SDP_S_LUT_LE_SLOPE_SHIFT, LUT_LE_SLOPE_UFLOW_SHIFT);
	cfg->le_oflow_shift = SF(SDP_S_LUT_LE_SLOPE_SHIFT, LUT_LE_SLOPE_OFLOW_SHIFT);
	cfg->lo_uflow_shift = SF(SDP_S_LUT_LO_SLOPE_SHIFT, LUT_LO_SLOPE_UFLOW_SHIFT);
	cfg->lo_oflow_shift = SF(SDP_S_LUT_LO_SLOPE_SHIFT, LUT_LO_SLOPE_OFLOW_SHIFT);
}

/* Linear table of @entries: 2^select apart, the first at @start. */
static void locate_linear(int32_t x, int32_t start, int select, unsigned int entries,
			  struct position *p)
{
	uint64_t distance = 0, index;

	p->uflow = x <= start;
	if (!p->uflow)
		distance = (uint32_t)x - (uint32_t)start;

	p->fraction = 0;
	if (select < 0) {
		/* At least 2^9 once 9 places are left behind the top bit. */
		index = !distance ? 0 : select < -9 ? 511 : distance << -select;
	} else {
		index = select < 32 ? distance >> select : 0;
		if (select <= FRACTION_BITS)
			p->fraction = distance << (FRACTION_BITS - select);
		else if (select < FRACTION_BITS + 32)
			p->fraction = distance >> (select - FRACTION_BITS);
		p->fraction &= ((uint64_t)1 << FRACTION_BITS) - 1;
	}
	p->oflow = index >= entries - 1;
	p->index = p->oflow ? entries - 1 : (unsigned int)index;
}

/* Exponential table: entry i at @start + 2^(i + offset). */
static void locate_exponential(int32_t x, int32_t start, int offset, struct position *p)
{
	uint32_t distance = 0;
	int log2 = 0;

	p->uflow = x <= start;
	if (!p->uflow) {
		distance = (uint32_t)x - (uint32_t)start;
		log2 = 31 - __builtin_clz(distance);
	}
	if (log2 < offset)
		p->uflow = true;
	p->index = p->uflow ? 0 : (unsigned int)(log2 - offset);
	p->oflow = p->index >= SIM_LUT_LE - 1;
	if (p->oflow)
		p->index = SIM_LUT_LE - 1;
	p->fraction = (uint64_t)(distance & (((uint32_t)1 << log2) - 1)) << (FRACTION_BITS - log2);
}

/* Which of both tables answers: the one that was hit, else by priority. */
static bool choose_lo(const struct sdp_lut_cfg *cfg, const struct position *le,
		      const struct position *lo)
{
	bool le_miss = le->uflow || le->oflow, lo_miss = lo->uflow || lo->oflow;

	if (le->uflow && lo->uflow)
		return cfg->lo_on_uflow;
	if (le->oflow && lo->oflow)
		return cfg->lo_on_oflow;
	if (le_miss == lo_miss)
		return cfg->lo_on_hybrid;

	return le_miss;
}

/* Beyond the ends of table LE or LO: a straight line from the last entry. */
static int32_t extend(const struct sdp_lut_cfg *cfg, int32_t x, int16_t y, bool lo, bool uflow)
{
	int64_t from;
	int16_t scale;
	unsigned int shift;

	if (uflow) {
		from = lo ? cfg->lo_start : cfg->le_start;
		if (!lo && !cfg->linear && cfg->le_offset >= 0 && cfg->le_offset < 32)
			from += (int64_t)1 << cfg->le_offset;
		scale = lo ? cfg->lo_uflow_scale : cfg->le_uflow_scale;
		shift = lo ? cfg->lo_uflow_shift : cfg->le_uflow_shift;
	} else {
		from = lo ? cfg->lo_end : cfg->le_end;
		scale = lo ? cfg->lo_oflow_scale : cfg->le_oflow_scale;
		shift = lo ? cfg->lo_oflow_shift : cfg->le_oflow_shift;
	}

	return (int32_t)sim_saturate(y + sim_shift_signed((x - from) * scale, shift, 5, 32), 32);
}

/* sdp_lut_apply() - replace @n values by what the tables give for them */
void sdp_lut_apply(const struct sdp_lut_cfg *cfg, const struct sim_lut *lut, int32_t *v,
		   unsigned int n, uint32_t *count)
{
	uint32_t seen[SDP_COUNTS] = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct position le, lo, *p;
		const int16_t *table;
		bool use_lo;

		if (cfg->linear)
			locate_linear(v[i], cfg->le_start, cfg->le_select, SIM_LUT_LE, &le);
		else
			locate_exponential(v[i], cfg->le_start, cfg->le_offset, &le);
		locate_linear(v[i], cfg->lo_start, cfg->lo_select, SIM_LUT_LO, &lo);

		use_lo = choose_lo(cfg, &le, &lo);
		p = use_lo ? &lo : &le;
		table = use_lo ? lut->lo : lut->le;

		seen[SDP_COUNT_UFLOW] += p->uflow;
		seen[SDP_COUNT_OFLOW] += p->oflow;
		seen[SDP_COUNT_HYBRID] += !p->uflow && !p->oflow;
		seen[SDP_COUNT_LE_HIT] += !le.uflow && !le.oflow;
		seen[SDP_COUNT_LO_HIT] += !lo.uflow && !lo.oflow;

		if (p->uflow || p->oflow) {
			v[i] = extend(cfg, v[i], table[p->index], use_lo, p->uflow);
		} else {
			int64_t one = (int64_t)1 << FRACTION_BITS, f = (int64_t)p->fraction;

			v[i] = (int32_t)sim_round_shift(table[p->index] * (one - f) +
							table[p->index + 1] * f, FRACTION_BITS);
		}
	}

	if (count) {
		for (i = 0; i < SDP_COUNTS; i++)
			count[i] = count[i] + seen[i] < seen[i] ? UINT32_MAX : count[i] + seen[i];
	}
}
