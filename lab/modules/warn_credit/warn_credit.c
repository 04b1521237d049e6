// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A work item gives back transmit credit twice for the same frame, so the credit passes its limit and a WARN_ON_ONCE in an inlined helper says so,
 * from the cold part of the function. The machine goes on.
 *
 * scenario: warn-credit
 * kind: warning
 * context: process
 * guilty: wc_return
 * end: finished
 * script: sleep 1
 * log: WARNING: CPU:
 * log: WARNING: warn_credit.c:
 * frame: wc_return@GUILTY < wc_complete@complete
 * frame: wc_work@work
 *
 * scenario: warn-credit-panic
 * append: panic_on_warn=1
 * end: panicked
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#define WC_LIMIT 8

struct wc_port {
	struct delayed_work work;
	u32 credit;
	u32 frames;
};

static struct wc_port wc_port = { .credit = WC_LIMIT - 1 };

static __always_inline void wc_return(struct wc_port *port)
{
	WARN_ON_ONCE(port->credit >= WC_LIMIT); /* GUILTY */
	port->credit++;
}

static noinline void wc_complete(struct wc_port *port, int status)
{
	port->frames++;
	if (status < 0) {
		wc_return(port); /* the error path gives the credit back, … */
		pr_info("frame %u failed with %d\n", port->frames, status);
	}
	wc_return(port); /* @complete … and so does the common one */
}

static void wc_work(struct work_struct *work)
{
	struct wc_port *port = container_of(to_delayed_work(work), struct wc_port, work);

	wc_complete(port, -EIO); /* @work */
	pr_info("credit %u\n", port->credit);
}

static int __init wc_init(void)
{
	INIT_DELAYED_WORK(&wc_port.work, wc_work);
	schedule_delayed_work(&wc_port.work, HZ / 10);
	return 0;
}

static void __exit wc_exit(void)
{
	cancel_delayed_work_sync(&wc_port.work);
}

module_init(wc_init);
module_exit(wc_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A WARN_ON_ONCE in a work item");

/*
 * fault: port->credit >= WC_LIMIT
 */
