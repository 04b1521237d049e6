// SPDX-License-Identifier: MIT
/* The same as bench/bpf/drain.mjs with libbpf in C: has the ring filled, then drains it and adds a member up. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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
	struct ring_buffer *ring = ring_buffer__new(bpf_obj_get(argv[1]), take, NULL, NULL);
	int asked = open(argv[2], O_RDWR), filled = open(argv[3], O_RDWR), rounds = atoi(argv[4]);
	char byte;

	for (int round = 0; round < rounds; round++) {
		double start, begin = now();

		if (write(asked, "", 1) != 1 || read(filled, &byte, 1) != 1)
			return 2;
		count = 0;
		start = now();
		ring_buffer__consume(ring);
		start = now() - start;
		printf("%.0f %.0f\n", count / start, count / (now() - begin));
		if (count != 25 * 4096)
			return 3;
	}
	return sum == 0;
}
