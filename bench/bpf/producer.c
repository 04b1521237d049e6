// SPDX-License-Identifier: MIT
/* Fills the ring of a pinned map, 102,400 events each time it reads a byte from a pipe, and says so on another one: the same for all who drain it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open(argv[1]);
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int program, asked, filled;
	char byte;

	if (bpf_object__load(object) || bpf_obj_pin(bpf_object__find_map_fd_by_name(object, "events"), argv[2]))
		return 1;
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "fill"));
	/* Both ends, so that nobody waits for the other one to open. */
	asked = open(argv[3], O_RDWR);
	filled = open(argv[4], O_RDWR);
	write(filled, "", 1);
	while (read(asked, &byte, 1) == 1) {
		for (int run = 0; run < 25; run++)
			if (bpf_prog_test_run_opts(program, &opts))
				return 2;
		write(filled, "", 1);
	}
	return 0;
}
