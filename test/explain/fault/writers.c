/* Who wrote past the end of what is freed, or of an array on the stack? The functions `noticed_…` saw the damage, at the line that says so. Compiled by the tests. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long size_t;
struct box { u32 length; u32 kind; u8 bytes[]; };

extern void *__kmalloc(size_t size, u32 flags);
extern void kfree(const void *object);
extern void *memcpy(void *to, const void *from, size_t size);
extern char *strcpy(char *to, const char *from);
extern void elsewhere(void *object);
extern void (*hook)(void *object);
extern u32 read_key(void);
extern void __stack_chk_fail(void);

#define noinline __attribute__((noinline, noipa))

static noinline void fill_words(u32 *words, u32 count)
{
	u32 i;

	for (i = 0; i <= count; i++)
		words[i] = i; /* fill_words */
}

static noinline void clear_words(u32 *words, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		words[i] = 0; /* clear_words */
}

static noinline void through(u32 *words, u32 count) { fill_words(words, count + 1); }
static noinline u32 only_reads(const u32 *words, u32 at) { return words[at]; }

void noticed_alone(u32 count)
{
	u32 *words = __kmalloc(count * 4, 0);

	through(words, count);
	if (only_reads(words, 1))
		elsewhere(0);
	kfree(words); /* noticed_alone: fill_words */
}

void noticed_two(u32 count)
{
	u32 *words = __kmalloc(count * 4, 0);

	clear_words(words, count);
	fill_words(words, count);
	kfree(words); /* noticed_two: */
}

void noticed_elsewhere(u32 count)
{
	u32 *words = __kmalloc(count * 4, 0);

	fill_words(words, count);
	elsewhere(words);
	kfree(words); /* noticed_elsewhere: */
}

void noticed_hook(u32 count)
{
	u32 *words = __kmalloc(count * 4, 0);

	fill_words(words, count);
	hook(words);
	kfree(words); /* noticed_hook: */
}

void noticed_innocent(void)
{
	struct box *box = __kmalloc(sizeof(*box), 0);

	box->length = read_key();
	box->kind = read_key();
	kfree(box); /* noticed_innocent: */
}

void noticed_copy(const u8 *from, size_t size)
{
	struct box *box = __kmalloc(16, 0);

	box->length = size;
	memcpy(box->bytes, from, size); /* noticed_copy */
	kfree(box); /* noticed_copy: noticed_copy */
}

struct holder { u32 *words; u32 count; };
extern struct holder *holder_of(u32 key);

void noticed_published(u32 count)
{
	u32 *words = __kmalloc(count * 4, 0);

	holder_of(1)->words = words;
	fill_words(words, count);
	kfree(words); /* noticed_published: */
}

void noticed_given(struct holder *holder)
{
	fill_words(holder->words, holder->count);
	kfree(holder->words); /* noticed_given: */
}

void noticed_local_holder(u32 count)
{
	struct holder holder = { .count = count };

	holder.words = __kmalloc(count * 4, 0);
	through(holder.words, holder.count);
	kfree(holder.words); /* noticed_local_holder: fill_words */
}

u32 noticed_stack(const char *name)
{
	char copy[16];
	u32 sum = 0;
	u32 i;

	strcpy(copy, name); /* noticed_stack */
	for (i = 0; i < 16; i++)
		sum = sum * 31 + copy[i];
	return sum; /* stack: noticed_stack */
}

u32 noticed_two_arrays(u32 count)
{
	u32 first[8];
	u32 second[8];

	fill_words(first, count);
	clear_words(second, count);
	return first[count & 7] + second[count & 7]; /* stack: */
}
