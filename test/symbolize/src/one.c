/* Freestanding C for every compiler and processor: see compilers.oracle.ts. */
#include "deep.h"

/* A static of this name is in both files. */
static __attribute__((noinline)) int helper(const struct packet *packet, int depth)
{
	if (depth > 4)
		return 0;
	return first(packet, depth) + helper(packet->next, depth + 1);
}

__attribute__((noinline, cold)) int fail(int code)
{
	trace(3, code);
	return -code;
}

int walk(struct packet *packet, int count)
{
	int total = 0;

	while (packet) {
		switch (packet->length & 7) {
		case 0:
			total += first(packet, count);
			break;
		case 1: {
			int local = helper(packet, 0);

			total -= local;
			break;
		}
		case 5:
			total ^= state;
			break;
		default:
			if (count > 100)
				return fail(count);
			total += second(packet, total);
		}
		packet = packet->next;
	}
	return total;
}

#define TWICE(call) do { call; call; } while (0)

void twice(int value)
{
	TWICE(trace(4, value)); TWICE(state = value);
}

__attribute__((weak)) int replaced(int value)
{
	return value * 3 + state;
}
