// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A name is unescaped into an array on the stack, and the loop asks the input for its end, not the array. The stack protector sees it on return.
 *
 * scenario: stack-smash
 * kind: stack-corruption
 * context: process
 * guilty: sm_unescape
 * script: echo aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd > /sys/module/stack_smash/parameters/name
 * log: Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: sm_register+
 * frame: sm_register@end
 */
#include <linux/module.h>
#include <linux/slab.h>

static u32 sm_sum;

static noinline void sm_unescape(char *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		*out++ = *text; /* GUILTY */
	}
	*out = '\0';
}

static noinline int sm_register(const char *text)
{
	char name[16];
	int i;

	sm_unescape(name, text); /* @call */
	for (i = 0; name[i] && i < sizeof(name); i++)
		sm_sum = sm_sum * 31 + name[i];
	return sm_sum != 0;
} /* @end */

static int sm_set(const char *text, const struct kernel_param *param)
{
	int found = sm_register(text); /* @set */

	pr_info("sum %u\n", sm_sum);
	return found ? 0 : -EINVAL;
}

static const struct kernel_param_ops sm_ops = { .set = sm_set };
module_param_cb(name, &sm_ops, NULL, 0200);

static int __init sm_init(void)
{
	return 0;
}

module_init(sm_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A write past the end of an array on the stack");

/*
 * scenario: stack-smash-kasan
 * needs: kasan
 * kind: out-of-bounds
 * end: any
 * log: BUG: KASAN: stack-out-of-bounds in sm_unescape
 * frame: sm_unescape@GUILTY
 * frame: sm_register@call
 * frame: sm_set@set
 */

/*
 * fault stack-smash-kasan: *out
 */
