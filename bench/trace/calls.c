// SPDX-License-Identifier: MIT
/* `calls N`: calls access(2) N times for a file that is not there, and prints nanoseconds a call. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1;
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (long call = 0; call < count; call++)
		access("/tmp/not-there", R_OK);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.0f\n", ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / count);
	return 0;
}
