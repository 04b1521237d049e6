// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A request is freed by its canceller although its delayed work is still queued: cancel_delayed_work() was forgotten. When the time comes, the
 * kernel takes the work's function from poisoned memory. No frame of the module is in the trace.
 *
 * scenario: work-use-after-free
 * kind: use-after-free
 * context: softirq
 * append: slub_debug=FPU
 * guilty: wu_cancel
 * script: echo 1 > /sys/module/work_use_after_free/parameters/cancel; sleep 2
 * log: general protection fault
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct wu_request {
	u32 id;
	bool answered;
	struct delayed_work timeout;
};

static struct kmem_cache *wu_cache;
static struct wu_request *wu_request;

static void wu_timeout(struct work_struct *work)
{
	struct wu_request *request = container_of(to_delayed_work(work), struct wu_request, timeout);

	pr_info("request %u timed out\n", request->id);
	kmem_cache_free(wu_cache, request);
}

static noinline int wu_submit(u32 id)
{
	struct wu_request *request = kmem_cache_zalloc(wu_cache, GFP_KERNEL);

	if (!request)
		return -ENOMEM;
	request->id = id;
	INIT_DELAYED_WORK(&request->timeout, wu_timeout);
	schedule_delayed_work(&request->timeout, HZ / 2);
	wu_request = request;
	return 0;
}

static noinline void wu_cancel(struct wu_request *request)
{
	if (request->answered)
		cancel_delayed_work_sync(&request->timeout);
	kmem_cache_free(wu_cache, request); /* GUILTY: its work is still queued */
	wu_request = NULL;
}

static int wu_set(const char *text, const struct kernel_param *param) /* @split: the compiler inlines a part of it into itself */
{
	int error = wu_submit(1);

	if (error)
		return error;
	wu_cancel(wu_request); /* @cancel */
	return 0;
}

static const struct kernel_param_ops wu_ops = { .set = wu_set };
module_param_cb(cancel, &wu_ops, NULL, 0200);

static int __init wu_init(void)
{
	wu_cache = KMEM_CACHE(wu_request, 0);
	return wu_cache ? 0 : -ENOMEM;
}

module_init(wu_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A delayed work that outlives its object");

/*
 * scenario: work-use-after-free-odebug
 * context: process
 * needs: lockdep
 * append:
 * end: any
 * log: ODEBUG: free active
 * frame: wu_cancel@GUILTY
 * frame: wu_set@cancel < wu_set@split
 */
