// SPDX-License-Identifier: MIT
/* The same as bench/bpf/drain.mjs with libbpf in C: fills the ring, then drains it and adds a member up. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct event {
	unsigned long long time, number;
	unsigned pid, cpu;
	char comm[16];
	unsigned fill[6];
};

static unsigned long long sum, count;

static int take(void *ctx, void *data, size_t size)
{
	const struct event *event = data;

	sum += event->number;
	count++;
	return 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open(argv[1]);
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct ring_buffer *ring;
	int program, rounds = atoi(argv[2]);

	if (bpf_object__load(object))
		return 1;
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "fill"));
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), take, NULL, NULL);
	for (int round = 0; round < rounds; round++) {
		double start, begin = now();

		for (int run = 0; run < 25; run++)
			if (bpf_prog_test_run_opts(program, &opts))
				return 2;
		count = 0;
		start = now();
		ring_buffer__consume(ring);
		start = now() - start;
		printf("%.0f %.0f\n", count / start, count / (now() - begin));
	}
	return sum == 0;
}
