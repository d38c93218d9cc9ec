/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit module may call; included once, by nvdla_drv.c.
 */
#ifndef _NVDLA_KUNIT_EXPORTS_H_
#define _NVDLA_KUNIT_EXPORTS_H_

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/visibility.h>

EXPORT_SYMBOL_IF_KUNIT(nvdla_configs);
EXPORT_SYMBOL_IF_KUNIT(nvdla_config_find);
EXPORT_SYMBOL_IF_KUNIT(nvdla_validator_new);
EXPORT_SYMBOL_IF_KUNIT(nvdla_validator_free);
EXPORT_SYMBOL_IF_KUNIT(nvdla_program_validate);
EXPORT_SYMBOL_IF_KUNIT(nvdla_program_free);
EXPORT_SYMBOL_IF_KUNIT(nvdla_program_check_bindings);
EXPORT_SYMBOL_IF_KUNIT(nvdla_hw_setup);
EXPORT_SYMBOL_IF_KUNIT(nvdla_seq_push);
EXPORT_SYMBOL_IF_KUNIT(nvdla_seq_fill);
EXPORT_SYMBOL_IF_KUNIT(nvdla_seq_done);
EXPORT_SYMBOL_IF_KUNIT(nvdla_seq_reset);
EXPORT_SYMBOL_IF_KUNIT(nvdla_watchdog);
#endif

#endif /* _NVDLA_KUNIT_EXPORTS_H_ */
