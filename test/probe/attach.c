// SPDX-License-Identifier: MIT
// Asks the kernel to attach an fentry program: each line of standard input is `BTF_OBJECT_ID TYPE_ID NAME` (object 0: vmlinux); each line of output is the name, `ok`, or
// the step that failed with its errno and the verifier's last words. With the argument `load` it goes no further than loading the program, which does no harm anywhere.
// Nothing stays attached.
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static char words[1 << 16];

static void refuse(const char *name, const char *step)
{
	int error = errno;
	char *end = words + strlen(words);

	/* The verifier ends with its statistics. */
	for (char *line = strtok(words, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "processed ", 10))
			end = line;
	const char *word = strerrorname_np(error);

	/* ENOTSUPP is the kernel's own. */
	printf("%s %s %s %s\n", name, step, word ? word : "ENOTSUPP", end);
}

int main(int count, char **arguments)
{
	unsigned object, type;
	char name[512];
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	while (scanf("%u %u %511s", &object, &type, name) == 3) {
		union bpf_attr attr;
		long btf = 0, loaded, link;

		memset(words, 0, sizeof(words));
		if (object) {
			memset(&attr, 0, sizeof(attr));
			attr.btf_id = object;
			btf = bpf(BPF_BTF_GET_FD_BY_ID, &attr);
			if (btf < 0) {
				refuse(name, "btf");
				continue;
			}
		}
		memset(&attr, 0, sizeof(attr));
		attr.prog_type = BPF_PROG_TYPE_TRACING;
		attr.expected_attach_type = BPF_TRACE_FENTRY;
		attr.insns = (unsigned long)program;
		attr.insn_cnt = 2;
		attr.license = (unsigned long)"GPL";
		attr.log_buf = (unsigned long)words;
		attr.log_size = sizeof(words);
		attr.log_level = 1;
		attr.attach_btf_id = type;
		if (object)
			attr.attach_btf_obj_fd = btf;
		loaded = bpf(BPF_PROG_LOAD, &attr);
		if (loaded < 0) {
			refuse(name, "load");
		} else if (count > 1 && !strcmp(arguments[1], "load")) {
			printf("%s ok\n", name);
			close(loaded);
		} else {
			memset(&attr, 0, sizeof(attr));
			attr.raw_tracepoint.prog_fd = loaded;
			link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
			if (link < 0)
				refuse(name, "attach");
			else
				printf("%s ok\n", name);
			if (link >= 0)
				close(link);
			close(loaded);
		}
		if (object)
			close(btf);
	}
	return 0;
}
