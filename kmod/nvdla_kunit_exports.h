/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit module may call; included once, by nvdla_drv.c.
 */
#ifndef _NVDLA_KUNIT_EXPORTS_H_
#define _NVDLA_KUNIT_EXPORTS_H_

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/visibility.h>

#define FOR_KUNIT EXPORT_SYMBOL_IF_KUNIT

FOR_KUNIT(nvdla_configs);
FOR_KUNIT(nvdla_config_find);
FOR_KUNIT(nvdla_validator_new);
FOR_KUNIT(nvdla_validator_free);
FOR_KUNIT(nvdla_program_validate);
FOR_KUNIT(nvdla_program_free);
FOR_KUNIT(nvdla_program_check_bindings);
FOR_KUNIT(nvdla_hw_setup);
FOR_KUNIT(nvdla_seq_push);
FOR_KUNIT(nvdla_seq_fill);
FOR_KUNIT(nvdla_seq_done);
FOR_KUNIT(nvdla_seq_reset);
FOR_KUNIT(nvdla_watchdog);
#endif

#endif /* _NVDLA_KUNIT_EXPORTS_H_ */
