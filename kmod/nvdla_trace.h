/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: a job is queued, its operations start and end, it ends.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvdla

#if !defined(_NVDLA_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _NVDLA_TRACE_H_

#include <linux/tracepoint.h>

#include "nvdla_drv.h"

TRACE_EVENT(nvdla_job_queue,
	    TP_PROTO(const struct nvdla_job *job),
	    TP_ARGS(job),
	    TP_STRUCT__entry(__field(u64, id)
			     __field(u64, context)
			     __field(u64, seqno)
			     __field(u32, ops)),
	    TP_fast_assign(__entry->id = job->id;
			   __entry->context = job->base.s_fence->finished.context;
			   __entry->seqno = job->base.s_fence->finished.seqno;
			   __entry->ops = job->program->op_count;),
	    TP_printk("job=%llu fence=%llu:%llu ops=%u", __entry->id, __entry->context,
		      __entry->seqno, __entry->ops)
);

DECLARE_EVENT_CLASS(nvdla_op,
		    TP_PROTO(const struct nvdla_job *job, u32 op),
		    TP_ARGS(job, op),
		    TP_STRUCT__entry(__field(u64, id)
				     __field(u32, core)
				     __field(u32, op)
				     __field(u32, engines)
				     __field(u32, groups)),
		    TP_fast_assign(__entry->id = job->id;
				   __entry->core = job->core->index;
				   __entry->op = op;
				   __entry->engines = job->program->ops[op].engines;
				   __entry->groups = job->ops[op].groups;),
		    TP_printk("core=%u job=%llu op=%u engines=%#x groups=%#x", __entry->core,
			      __entry->id, __entry->op, __entry->engines, __entry->groups)
);

DEFINE_EVENT(nvdla_op, nvdla_op_start,
	     TP_PROTO(const struct nvdla_job *job, u32 op),
	     TP_ARGS(job, op)
);

DEFINE_EVENT(nvdla_op, nvdla_op_done,
	     TP_PROTO(const struct nvdla_job *job, u32 op),
	     TP_ARGS(job, op)
);

TRACE_EVENT(nvdla_job_end,
	    TP_PROTO(const struct nvdla_job *job, int error),
	    TP_ARGS(job, error),
	    TP_STRUCT__entry(__field(u64, id)
			     __field(u32, core)
			     __field(u32, done)
			     __field(int, error)),
	    TP_fast_assign(__entry->id = job->id;
			   __entry->core = job->core->index;
			   __entry->done = job->done;
			   __entry->error = error;),
	    TP_printk("core=%u job=%llu done=%u error=%d", __entry->core, __entry->id,
		      __entry->done, __entry->error)
);

TRACE_EVENT(nvdla_core_reset,
	    TP_PROTO(const struct nvdla_core *core, int error),
	    TP_ARGS(core, error),
	    TP_STRUCT__entry(__field(u32, core)
			     __field(u64, resets)
			     __field(int, error)),
	    TP_fast_assign(__entry->core = core->index;
			   __entry->resets = core->resets;
			   __entry->error = error;),
	    TP_printk("core=%u resets=%llu error=%d", __entry->core, __entry->resets,
		      __entry->error)
);

#endif /* _NVDLA_TRACE_H_ */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nvdla_trace
#include <trace/define_trace.h>
