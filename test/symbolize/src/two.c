#include "deep.h"

static __attribute__((noinline)) int helper(const struct packet *packet, int depth)
{
	return third(packet, depth) * depth;
}

static inline int chosen(const struct packet *packet, int which)
{
	if (which)
		return helper(packet, which);
	return second(packet, which);
}

int drop(const struct packet *packet)
{
	int which = packet->length > 9 ? 1 : 0;

	{
		int both = chosen(packet, which);

		if (both)
			return both + first(packet, both);
	}
	return chosen(packet->next, 1);
}

/* Stronger than the one in one.c. */
int replaced(int value)
{
	return trace(5, value);
}
