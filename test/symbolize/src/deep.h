/* Inlined four deep, through a header that both files share. */
struct packet {
	unsigned length;
	const unsigned char *bytes;
	struct packet *next;
};

/* No texts: llvm-symbolizer takes their symbols for functions in relocatable files. */
extern int trace(int what, int value);
extern volatile int state;

static inline __attribute__((always_inline)) int fourth(const struct packet *packet, int at)
{
	if (at < 0)
		return trace(1, at);
	return packet->bytes[at] ^ state;
}

static inline __attribute__((always_inline)) int third(const struct packet *packet, int at)
{
	int sum = 0;

	for (int k = 0; k < 3; k++) {
		int offset = at + k;

		if (offset < (int)packet->length)
			sum += fourth(packet, offset);
	}
	return sum;
}

static inline __attribute__((always_inline)) int second(const struct packet *packet, int at)
{
	return third(packet, at * 2) + third(packet->next, at + 1);
}

static inline __attribute__((always_inline)) int first(const struct packet *packet, int at)
{
	int result = second(packet, at);

	if (__builtin_expect(result > 1000, 0))
		result = trace(2, result);
	return result;
}
