// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A rate is computed per interval, and the first reading comes before the first interval has passed. The read of /proc/divide_rate goes
 * through seq_file.
 *
 * scenario: divide-rate
 * kind: divide-error
 * context: process
 * guilty: dr_rate
 * script: cat /proc/divide_rate
 * log: divide error: 0000
 * frame: dr_rate@GUILTY < dr_average@average < dr_show@show
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

struct dr_counter {
	u64 bytes;
	u64 intervals;
};

static struct dr_counter dr_counters[2] = { { .bytes = 4096, .intervals = 4 }, { .bytes = 512 } };

static __always_inline u64 dr_rate(const struct dr_counter *counter)
{
	return counter->bytes / READ_ONCE(counter->intervals); /* GUILTY */
}

static __always_inline u64 dr_average(unsigned int port)
{
	u64 rate = dr_rate(&dr_counters[port]); /* @average */

	return (rate * 7 + 4) / 8;
}

static int dr_show(struct seq_file *seq, void *unused)
{
	unsigned int port;

	for (port = 0; port < READ_ONCE(*(unsigned int *)seq->private); port++)
		seq_printf(seq, "port %u: %llu\n", port, dr_average(port)); /* @show */
	return 0;
}

static unsigned int dr_ports = ARRAY_SIZE(dr_counters);

static int __init dr_init(void)
{
	return proc_create_single_data("divide_rate", 0444, NULL, dr_show, &dr_ports) ? 0 : -ENOMEM;
}

static void __exit dr_exit(void)
{
	remove_proc_entry("divide_rate", NULL);
}

module_init(dr_init);
module_exit(dr_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A division by zero");

/*
 * fault: counter->bytes / counter->intervals
 * fault: dr_counters[port].bytes / counter->intervals
 */
