// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Sees each kernel module that is about to be loaded and, if told so, denies it.
 *
 *	sudo oopscope bpf run module-load.bpf.o
 *	sudo oopscope bpf run --set deny=1 module-load.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

struct module_load {
	__u64 time;
	__u32 pid;
	__u32 uid;
	bool denied;
	char comm[16];
	char file[64]; /* empty: the module comes from memory */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

const struct module_load *unused __attribute__((unused));

const volatile bool deny = false;
__u64 lost;

static int decide(const unsigned char *name)
{
	struct module_load *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return deny ? -EPERM : 0;
	}
	event->time = bpf_ktime_get_ns();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->uid = bpf_get_current_uid_gid();
	event->denied = deny;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->file[0] = 0;
	if (name)
		bpf_probe_read_kernel_str(event->file, sizeof(event->file), name);
	bpf_ringbuf_submit(event, 0);
	return deny ? -EPERM : 0;
}

/* finit_module(2): from a file. */
SEC("lsm/kernel_read_file")
int BPF_PROG(from_file, struct file *file, enum kernel_read_file_id id, bool contents, int before)
{
	if (before)
		return before;
	return id == READING_MODULE ? decide(file->f_path.dentry->d_name.name) : 0;
}

/* init_module(2): from memory. */
SEC("lsm/kernel_load_data")
int BPF_PROG(from_memory, enum kernel_load_data_id id, bool contents, int before)
{
	if (before)
		return before;
	return id == LOADING_MODULE ? decide(NULL) : 0;
}

char LICENSE[] SEC("license") = "GPL";
