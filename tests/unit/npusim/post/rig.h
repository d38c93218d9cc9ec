/* SPDX-License-Identifier: MIT */
/*
 * A simulated core with a little memory, for the tests of the units behind the
 * convolution.
 */
#ifndef POST_RIG_H
#define POST_RIG_H

#include "tools/npusim/npusim.h"
#include "kmod/hw/nvdla_config.h"

#define RIG_BASE	0x80000000u
#define RIG_SIZE	(1u << 20)

struct rig {
	const struct nvdla_config *config;
	struct npusim *sim;
	struct npusim_error error;
	unsigned int errors;
	uint32_t seed;
	uint32_t next;			/* first free address */
	uint8_t mem[RIG_SIZE];
};

/* A cube in memory as the units see it: atoms of channels. */
struct rig_cube {
	uint32_t addr, line, surf;
	unsigned int width, height, channels, atom, bytes;	/* bytes per atom */
};

struct rig *rig_new(const struct nvdla_config *config, uint32_t seed);
void rig_free(struct rig *rig);

uint32_t rig_random(struct rig *rig, uint32_t below);
/* A two's complement number of up to @bits bits, small ones as likely as big ones. */
int32_t rig_random_signed(struct rig *rig, unsigned int bits);

uint32_t rig_read(struct rig *rig, enum nvdla_unit unit, uint32_t reg);
void rig_write(struct rig *rig, enum nvdla_unit unit, uint32_t reg, uint32_t value);
/* Run until all interrupt bits of @mask came, and acknowledge them. */
void rig_run(struct rig *rig, uint32_t mask);
/* Run until an error is reported; fails the test when none is. */
void rig_expect_error(struct rig *rig, int code);

/* A cube with random strides and random content; @bytes: per atom. */
struct rig_cube rig_cube(struct rig *rig, unsigned int width, unsigned int height,
			 unsigned int channels, unsigned int bytes);
/* Address of the atom of channel @c at line @y, column @x. */
uint32_t rig_atom(const struct rig_cube *cube, unsigned int c, unsigned int y, unsigned int x);
/* The INT8 element there; a cube of one pixel is packed when @packed. */
int8_t rig_element(const struct rig *rig, const struct rig_cube *cube, unsigned int c,
		   unsigned int y, unsigned int x);

/* The element of two bytes there, in a cube of twice as many channels of one byte. */
int16_t rig_element16(const struct rig *rig, const struct rig_cube *cube, unsigned int c,
		      unsigned int y, unsigned int x);
void rig_set_element16(struct rig *rig, const struct rig_cube *cube, unsigned int c,
		       unsigned int y, unsigned int x, uint16_t v);

/* Fills both lookup tables of a unit (SDP or CDP) with random values, kept in @le and @lo. */
void rig_load_luts(struct rig *rig, enum nvdla_unit unit, int16_t *le, int16_t *lo);

/* Programs and starts CDP from @src to @dst; @format: 0 INT8, 1 INT16, 2 FP16. */
void rig_start_cdp(struct rig *rig, const struct rig_cube *src, const struct rig_cube *dst,
		   unsigned int channels, unsigned int format);

/* v / 2^shift, halves away from zero, by the definition. */
long double rig_round(long double v, unsigned int shift);
/* Clamp to @bits bits. */
long long rig_clamp(long double v, unsigned int bits);

/* The tests, one function for each file. */
int test_sdp(void);
int test_sdp_lut(void);
int test_pdp(void);
int test_cdp(void);
int test_copy(void);
int test_fp(void);

#endif /* POST_RIG_H */
