// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A frame is put into a buffer that was sized without its checksum: four bytes go past the end. The allocator's red zone shows it when the
 * buffer is freed.
 *
 * scenario: heap-overflow
 * kind: out-of-bounds
 * context: process
 * append: slub_debug=FZU
 * end: finished
 * guilty: ho_put_checksum
 * script: echo 64 > /sys/module/heap_overflow/parameters/send
 * log: : Right Redzone overwritten
 * frame: ho_send@free
 * frame: ho_set@set
 */
#include <linux/module.h>
#include <linux/slab.h>

struct ho_frame {
	u32 length;
	u8 *bytes;
};

static __always_inline void ho_put_checksum(struct ho_frame *frame, u32 checksum)
{
	memcpy(frame->bytes + frame->length, &checksum, sizeof(checksum)); /* GUILTY */
}

static noinline void ho_fill(struct ho_frame *frame)
{
	u32 checksum = 0;
	u32 i;

	for (i = 0; i < frame->length; i++) {
		frame->bytes[i] = i;
		checksum = checksum * 31 + i;
	}
	ho_put_checksum(frame, checksum); /* @fill */
}

static noinline int ho_send(u32 length)
{
	struct ho_frame frame = { .length = length };

	frame.bytes = kmalloc(frame.length, GFP_KERNEL);
	if (!frame.bytes)
		return -ENOMEM;
	ho_fill(&frame); /* @call */
	kfree(frame.bytes); /* @free */
	return length;
}

static int ho_set(const char *text, const struct kernel_param *param)
{
	u32 length;
	int error = kstrtou32(text, 0, &length);

	if (error)
		return error;
	error = ho_send(length); /* @set */
	return error < 0 ? error : 0;
}

static const struct kernel_param_ops ho_ops = { .set = ho_set };
module_param_cb(send, &ho_ops, NULL, 0200);

static int __init ho_init(void)
{
	return 0;
}

static void __exit ho_exit(void)
{
}

module_init(ho_init);
module_exit(ho_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A write past the end of a kmalloc object");

/*
 * scenario: heap-overflow-kasan
 * needs: kasan
 * append:
 * log: BUG: KASAN: slab-out-of-bounds in ho_
 * frame: ho_put_checksum@GUILTY < ho_fill@fill
 * frame: ho_send@call
 * frame: ho_set@set
 */

/*
 * scenario: heap-overflow-kfence
 * needs: kcsan
 * kind: memory-corruption
 * append: kfence.sample_interval=1
 * script: exec 3> /sys/module/heap_overflow/parameters/send; until dmesg | grep -q 'BUG: KFENCE'; do for i in $(seq 100); do echo 60 >&3; done; done
 * log: BUG: KFENCE: memory corruption in ho_send
 */

/*
 * fault heap-overflow-kasan: frame->bytes[frame->length]
 */
