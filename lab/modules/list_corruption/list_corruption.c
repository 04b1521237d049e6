// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A job is taken off a list by the worker and once more by the one who cancels it.
 *
 * scenario: list-corruption
 * kind: list-corruption
 * context: process
 * guilty: lc_cancel
 * earlier: lc_run@first
 * script: echo 1 > /sys/module/list_corruption/parameters/cancel
 * log: list_del corruption
 * frame: lc_cancel@GUILTY
 * frame: lc_set@set
 */
#include <linux/list.h>
#include <linux/module.h>

struct lc_job {
	struct list_head list;
	u32 id;
	bool done;
};

static LIST_HEAD(lc_queue);
static struct lc_job lc_jobs[3];

static noinline void lc_run(struct lc_job *job)
{
	job->done = true;
	list_del(&job->list); /* @first */
}

static noinline void lc_cancel(struct lc_job *job)
{
	list_del(&job->list); /* GUILTY */
	pr_info("job %u is cancelled\n", job->id);
}

static int lc_set(const char *text, const struct kernel_param *param)
{
	u32 id;
	int error = kstrtou32(text, 0, &id);

	if (error)
		return error;
	if (id >= ARRAY_SIZE(lc_jobs))
		return -ENOENT;
	lc_run(&lc_jobs[id]); /* @run */
	lc_cancel(&lc_jobs[id]); /* @set */
	return 0;
}

static const struct kernel_param_ops lc_ops = { .set = lc_set };
module_param_cb(cancel, &lc_ops, NULL, 0200);

static int __init lc_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lc_jobs); i++) {
		lc_jobs[i].id = i;
		list_add_tail(&lc_jobs[i].list, &lc_queue);
	}
	return 0;
}

static void __exit lc_exit(void)
{
}

module_init(lc_init);
module_exit(lc_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A list entry that is deleted twice");

/*
 * fault: job->list.next
 */
