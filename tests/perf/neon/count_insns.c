// SPDX-License-Identifier: MIT
/*
 * QEMU TCG plugin: how many guest instructions run between two marks.
 *
 * `hint #64` starts a count and `hint #65` ends it; both are no-operations on
 * hardware. Each pair prints one line "counted N simd M load L": all
 * instructions, Advanced SIMD arithmetic, and loads. Instructions of the marks
 * themselves are not counted.
 *
 * Debian ships QEMU 7.2 with plugins but not the header, so what is used of
 * the interface (plugin API version 1) is declared here.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MARK_START	0xd503281f	/* hint #64 */
#define MARK_END	0xd503283f	/* hint #65 */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;

enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
						  void (*cb)(qemu_plugin_id_t id,
							     struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
						   void (*cb)(unsigned int cpu, void *user),
						   int flags, void *user);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						       void *counter, uint64_t value);

int qemu_plugin_version = 1;

static uint64_t all, simd, load;
static uint64_t start_all, start_simd, start_load;

static void on_start(unsigned int cpu, void *user)
{
	(void)cpu;
	(void)user;
	start_all = all;
	start_simd = simd;
	start_load = load;
}

static void on_end(unsigned int cpu, void *user)
{
	(void)cpu;
	(void)user;
	fprintf(stderr, "counted %llu simd %llu load %llu\n",
		(unsigned long long)(all - start_all), (unsigned long long)(simd - start_simd),
		(unsigned long long)(load - start_load));
}

/* A64 encoding groups: bits 28:25 are x111 for SIMD, x1x0 for loads and stores. */
static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t code, group;

		memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
		if (code == MARK_START) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start, CB_NO_REGS, NULL);
			continue;
		}
		if (code == MARK_END) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end, CB_NO_REGS, NULL);
			continue;
		}
		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &all, 1);
		group = code >> 25 & 15;
		if ((group & 7) == 7)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &simd, 1);
		/* Bit 22 is set in most loads, also in pairs. */
		if ((group & 5) == 4 && code >> 22 & 1)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &load, 1);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);

	return 0;
}
