// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A handler's page goes back to the kernel while the table still points there. The pointer to its function is read from whatever the page holds
 * now, here a pointer to data, which the processor refuses to execute. The
 * unwinder does not know the place, so the whole trace is marked as doubtful.
 *
 * scenario: freed-jump
 * kind: bad-access
 * context: process
 * guilty: fj_unregister
 * script: echo 1 > /sys/module/freed_jump/parameters/dispatch
 * log: kernel tried to execute NX-protected page
 * doubtful: fj_dispatch@call
 * doubtful: fj_set@set
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>

struct fj_handler {
	int (*handle)(u32 event);
	u32 count;
};

static struct fj_handler *fj_handler;

static int fj_handle(u32 event)
{
	return event & 1;
}

static noinline int fj_register(void)
{
	fj_handler = (struct fj_handler *)__get_free_page(GFP_KERNEL);
	if (!fj_handler)
		return -ENOMEM;
	fj_handler->handle = fj_handle;
	fj_handler->count = 0;
	return 0;
}

static noinline void fj_unregister(void)
{
	free_page((unsigned long)fj_handler); /* GUILTY: the table keeps its pointer */
}

/* What the rest of the kernel does: takes the page and fills it with pointers of its own. */
static noinline void fj_reuse(void)
{
	unsigned long *pages[8];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = (unsigned long *)__get_free_page(GFP_KERNEL);
		for (k = 0; pages[i] && k < PAGE_SIZE / sizeof(long); k++)
			WRITE_ONCE(pages[i][k], (unsigned long)pages[i]);
	}
}

static noinline int fj_dispatch(u32 event)
{
	int result = fj_handler->handle(event); /* @call */

	fj_handler->count++;
	return result;
}

static int fj_set(const char *text, const struct kernel_param *param)
{
	u32 event;
	int error = kstrtou32(text, 0, &event);

	if (error)
		return error;
	fj_unregister();
	fj_reuse();
	error = fj_dispatch(event); /* @set */
	return error < 0 ? error : 0;
}

static const struct kernel_param_ops fj_ops = { .set = fj_set };
module_param_cb(dispatch, &fj_ops, NULL, 0200);

static int __init fj_init(void)
{
	return fj_register();
}

module_init(fj_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A call through a freed page");

/*
 * fault: fj_handler->handle(…)
 */
