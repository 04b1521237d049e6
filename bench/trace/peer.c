// SPDX-License-Identifier: MIT
/* `peer OBJECT`: loads and attaches calls.bpf.o by libbpf, says `attached`, and reads its ring until it is ended. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

static long count;

static int take(void *context, void *bytes, size_t size)
{
	count++;
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
	struct bpf_program *program;
	struct ring_buffer *ring;

	if (!object || bpf_object__load(object))
		return 1;
	program = bpf_object__find_program_by_name(object, "enter");
	if (!program || !bpf_program__attach(program))
		return 1;
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "ring"), take, NULL, NULL);
	if (!ring)
		return 1;
	puts("attached");
	fflush(stdout);
	for (;;)
		ring_buffer__poll(ring, 100);
}
