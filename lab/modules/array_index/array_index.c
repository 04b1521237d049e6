// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A priority is taken from a packet and used as an index; the field has eight values, the table has four. Only a kernel with UBSAN says so.
 *
 * scenario: array-index
 * needs: lockdep
 * kind: out-of-bounds
 * context: process
 * end: finished
 * guilty: ai_queue_weight
 * script: echo 6 > /sys/module/array_index/parameters/classify
 * log: UBSAN: array-index-out-of-bounds in
 * frame: ai_queue_weight@GUILTY < ai_classify@classify
 * frame: ai_set@set
 */
#include <linux/module.h>

struct ai_scheduler {
	u32 weights[4];
	u32 total[8];
};

static struct ai_scheduler ai_scheduler = { .weights = { 1, 2, 4, 8 } };

static __always_inline u32 ai_queue_weight(const struct ai_scheduler *scheduler, u32 priority)
{
	return scheduler->weights[priority]; /* GUILTY */
}

static noinline u32 ai_classify(struct ai_scheduler *scheduler, u32 header)
{
	u32 priority = header & 7;
	u32 weight = ai_queue_weight(scheduler, priority); /* @classify */

	scheduler->total[priority] += weight;
	return weight;
}

static int ai_set(const char *text, const struct kernel_param *param)
{
	u32 header;
	int error = kstrtou32(text, 0, &header);

	if (error)
		return error;
	pr_info("weight %u\n", ai_classify(&ai_scheduler, header)); /* @set */
	return 0;
}

static const struct kernel_param_ops ai_ops = { .set = ai_set };
module_param_cb(classify, &ai_ops, NULL, 0200);

static int __init ai_init(void)
{
	return 0;
}

static void __exit ai_exit(void)
{
}

module_init(ai_init);
module_exit(ai_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("An index past the end of an array");

/*
 * fault: scheduler->weights[priority]
 */
