// What functions of the kernel's style read and write, for expressions.test.ts. A comment `@ a ; b` at a line says what its accesses are called: the first
// must be found (`|`: in one of these ways), the others may be. Compiled as it stands by gcc and clang; never run.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef _Bool bool;
#define NULL ((void *)0)
#define noinline __attribute__((noinline))
#define always_inline inline __attribute__((always_inline))
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define container_of(ptr, type, member) ({ void *__mptr = (void *)(ptr); ((type *)(__mptr - offsetof(type, member))); })
#define list_for_each_entry(pos, head, member) \
	for (pos = container_of((head)->next, typeof(*pos), member); &pos->member != (head); pos = container_of(pos->member.next, typeof(*pos), member))

struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct ops { int (*open)(void *); int (*close)(void *, int); };
struct device { char name[16]; u32 mtu; const struct ops *ops; struct device *parent; };
struct stats { u64 packets, bytes; };
struct buffer { u8 *data; u32 length; struct device *dev; };
struct slot { u32 state; u32 owner; struct buffer *buf; };
struct far { u8 id; u16 action; struct far *next; };
union address { u32 v4; u8 v6[16]; };
typedef u32 seid_t;
union mark { u32 id; seid_t seid; u16 half; struct dev_cookie { u32 low, high; } cookie; struct slot *slot; struct buffer *held; };
struct marked { u64 key; union mark mark; union { u32 port; u8 bytes[4]; }; };
struct ring { u32 head, tail; struct slot slots[8]; struct slot *more; };
struct flags { u32 up : 1, busy : 1, mode : 6; u32 rest; };
struct priv {
	struct device *dev;
	struct ring ring;
	struct list_head entries;
	struct flags flags;
	union address local;
	struct { u32 hits; u32 misses; } cache;
	struct stats stats[4];
	u32 table[3][5];
	struct list_head node;
	void *cookie;
	u16 ports[];
};
struct work { struct list_head entry; void (*func)(struct work *); };
struct item { u64 key; struct list_head list; struct buffer *buffer; struct work work; };

extern void touch(void *);
extern int check(int);
extern struct item *lookup(u32 key);
extern struct priv *priv_of(struct device *dev);
struct priv global_priv;
struct priv *global_pointer;
static struct item items[16];
void fill(struct buffer *buffer, u64 i) { items[i].buffer = buffer; /* @ items[i].buffer */ }
static u32 counts[32];
extern struct device *foreign_device;

u32 chain(struct buffer *buffer) { return buffer->dev->parent->mtu; /* @ buffer->dev->parent->mtu ; buffer->dev->parent ; buffer->dev */ }
u16 action(struct far *far) { return far->action; /* @ far->action */ }
u16 second(struct far *far) { return far->next->next->action; /* @ far->next->next->action ; far->next->next ; far->next */ }
u32 slot_owner(struct priv *priv, u32 i) { return priv->ring.slots[i].owner; /* @ priv->ring.slots[i].owner */ }
u32 slot_length(struct priv *priv, u32 i) { return priv->ring.slots[i].buf->length; /* @ priv->ring.slots[i].buf->length ; priv->ring.slots[i].buf */ }
u32 slot_before(struct priv *priv, u32 i) { return priv->ring.slots[i - 1].state; /* @ priv->ring.slots[i - 1].state */ }
u32 more(struct priv *priv, u64 i) { return priv->ring.more[i].owner; /* @ priv->ring.more[i].owner ; priv->ring.more */ }
u32 more_after(struct priv *priv, u64 i) { return priv->ring.more[i + 2].state; /* @ priv->ring.more[i + 2].state ; priv->ring.more */ }
u32 matrix(struct priv *priv, u64 i, u64 j) { return priv->table[i][j]; /* @ priv->table[i][j] */ }
u32 matrix_row(struct priv *priv, u64 j) { return priv->table[2][j]; /* @ priv->table[2][j] */ }
u64 stats_bytes(struct priv *priv, u64 i) { return priv->stats[i].bytes; /* @ priv->stats[i].bytes */ }
u16 flexible(struct priv *priv, u64 i) { return priv->ports[i]; /* @ priv->ports[i] */ }
u32 misses(struct priv *priv) { return priv->cache.misses; /* @ priv->cache.misses */ }
u32 v4(struct priv *priv) { return priv->local.v4; /* @ priv->local.v4 */ }
u8 v6(struct priv *priv, u64 i) { return priv->local.v6[i]; /* @ priv->local.v6[i] */ }
u8 byte_at(struct buffer *buffer, u64 at) { return buffer->data[at]; /* @ buffer->data[at] ; buffer->data */ }
u8 byte_of(u8 *bytes, u64 at) { return bytes[at + 3]; /* @ bytes[at + 3] */ }
u32 word(u32 *words) { return words[4]; /* @ words[4] */ }
u32 pointed(u32 *word) { return *word; /* @ *word */ }
u32 twice(struct far **far) { return (*far)->action; /* @ (*far)->action ; *far */ }
u32 table_of(struct far **fars, u64 i) { return fars[i]->action; /* @ fars[i]->action ; fars[i] */ }
void store(struct priv *priv, u32 value) { priv->ring.tail = value; /* @ priv->ring.tail */ }
void add_to(struct priv *priv, u64 bytes) { priv->stats[2].bytes += bytes; /* @ priv->stats[2].bytes */ }
u32 once(struct priv *priv) { return READ_ONCE(priv->dev->mtu); /* @ priv->dev->mtu ; priv->dev */ }
u32 global_member(void) { return global_priv.ring.head; /* @ global_priv.ring.head */ }
u32 global_chain(void) { return global_pointer->dev->mtu; /* @ global_pointer->dev->mtu ; global_pointer->dev ; global_pointer */ }
u64 static_array(u64 i) { return items[i].key; /* @ items[i].key */ }
u32 static_chain(u64 i) { return items[i].buffer->length; /* @ items[i].buffer->length ; items[i].buffer */ }
u32 static_fixed(void) { return items[3].buffer->length; /* @ items[3].buffer->length ; items[3].buffer */ }
u32 static_word(u32 i) { return counts[i & 31]; /* @ counts[i & 31] */ }
u32 foreign(void) { return foreign_device->parent->mtu; /* @ foreign_device->parent->mtu ; foreign_device->parent ; foreign_device */ }
u64 contained(struct work *work) { return container_of(work, struct item, work)->key; /* no name: the pointer has no variable */ }

u64 container(struct list_head *node)
{
	struct item *item = container_of(node, struct item, list);

	return item->key + item->buffer->length; /* @ item->buffer->length ; item->buffer ; item->key */
}

u64 walk(struct priv *priv)
{
	struct item *item;
	u64 sum = 0;

	list_for_each_entry(item, &priv->entries, list) /* @ item->list.next ; priv->entries.next */
		sum += item->buffer->length; /* @ item->buffer->length ; item->buffer */
	return sum;
}

struct item *find(struct priv *priv, u64 key)
{
	struct item *item;

	list_for_each_entry(item, &priv->entries, list) { /* @ item->list.next ; priv->entries.next */
		if (item->key == key) /* @ item->key */
			return item;
	}
	return NULL;
}

u32 across_call(struct priv *priv, struct buffer *buffer)
{
	touch(priv);
	touch(buffer);
	return priv->dev->mtu + buffer->length; /* @ priv->dev->mtu ; priv->dev ; buffer->length */
}

u32 result(u32 key)
{
	struct item *item = lookup(key);

	return item->buffer->dev->mtu; /* @ item->buffer->dev->mtu ; item->buffer->dev ; item->buffer */
}

u32 nameless(u32 key) { return lookup(key)->buffer->length; /* @ lookup(…)->buffer->length ; lookup(…)->buffer */ }
u32 private(struct device *dev) { return priv_of(dev->parent)->ring.head; /* @ priv_of(…)->ring.head ; dev->parent */ }

static always_inline struct device *buffer_device(const struct buffer *buffer) { return buffer->dev; /* @ priv->ring.slots[i].buf->dev | buffer->dev | slot->buf->dev */ }
static always_inline u32 device_mtu(const struct device *dev) { return dev->mtu; /* @ priv->ring.slots[i].buf->dev->mtu | dev->mtu | slot->buf->dev->mtu */ }
u32 inlined(struct priv *priv, u32 i)
{
	struct slot *slot = &priv->ring.slots[i];

	return device_mtu(buffer_device(slot->buf)); /* @ priv->ring.slots[i].buf | slot->buf */
}

int call_open(struct device *dev) { return dev->ops->open(dev->ops); /* @ dev->ops->open ; dev->ops */ }
int call_close(struct priv *priv) { int r = priv->dev->ops->close(priv, 1); touch(priv); return r; } /* @ priv->dev->ops->close ; priv->dev->ops ; priv->dev */
void call_func(struct work *work) { work->func(work); touch(work); } /* @ work->func */

u32 many(struct priv *priv, struct buffer *a, struct buffer *b, struct far *far, struct item *item, struct device *dev)
{
	u32 sum;

	touch(NULL);
	sum = check(1);
	sum += a->length * check(2); /* @ a->length */
	sum += b->dev->mtu * check(3); /* @ b->dev->mtu ; b->dev */
	sum += far->next->action * check(4); /* @ far->next->action ; far->next */
	sum += item->work.entry.next == NULL; /* @ item->work.entry.next */
	sum += dev->parent->mtu * check(5); /* @ dev->parent->mtu ; dev->parent */
	sum += priv->stats[1].packets; /* @ priv->stats[1].packets */
	return sum + a->dev->mtu; /* @ a->dev->mtu ; a->dev */
}

u32 local(struct device *dev)
{
	struct buffer buffer = { .dev = dev, .length = 3 };

	touch(&buffer);
	return buffer.dev->mtu; /* @ buffer.dev->mtu ; buffer.dev */
}

u32 on_stack(u32 i)
{
	struct slot slots[4];

	touch(slots);
	return slots[i].buf->length; /* @ slots[i].buf->length ; slots[i].buf */
}

void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev; /* @ entry->next->prev ; entry->next ; entry->prev */
	entry->prev->next = entry->next; /* @ entry->prev->next ; entry->next ; entry->prev */
}

static always_inline void __list_del(struct list_head *prev, struct list_head *next)
{
	next->prev = prev; /* @ next->prev ; entry->next->prev ; item->list.next->prev */
	prev->next = next; /* @ prev->next ; entry->prev->next ; item->list.prev->next */
}

void remove(struct item *item)
{
	__list_del(item->list.prev, item->list.next); /* @ item->list.prev ; item->list.next */
	item->buffer = NULL; /* @ item->buffer */
}

u32 last_of_chain(struct far *far)
{
	while (far->next) /* @ far->next */
		far = far->next; /* @ far->next */
	return far->action; /* @ far->action */
}

u64 sum_all(struct stats *stats, u32 count)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < count; i++)
		sum += stats[i].bytes; /* @ stats[…].bytes | stats[i].bytes */
	return sum;
}

u32 hash(struct priv *priv, u32 key) { return priv->ring.slots[(key * 31) & 7].state; /* @ priv->ring.slots[…].state | priv->ring.slots[(31 * key) & 7].state */ }
u32 mode(struct priv *priv) { return priv->flags.mode; /* @ priv->flags.mode ; priv->flags.up */ }
bool busy(struct priv *priv) { return priv->flags.busy; /* @ priv->flags.busy ; priv->flags.up */ }

noinline static u32 deep(struct priv *priv, int depth)
{
	if (depth > 3)
		return priv->ring.slots[depth].buf->dev->parent->mtu; /* @ priv->ring.slots[depth].buf->dev->parent->mtu ; priv->ring.slots[depth].buf->dev->parent ; priv->ring.slots[depth].buf->dev ; priv->ring.slots[depth].buf ; priv->ring.slots[…].buf ; priv->ring.slots[…].buf->dev ; priv->ring.slots[…].buf->dev->parent ; priv->ring.slots[…].buf->dev->parent->mtu */
	return deep(priv, depth + check(depth));
}
u32 deepest(struct priv *priv) { return deep(priv, 0); }

u32 mark_either(struct marked *marked, u32 key) { return marked->mark.id ^ key; /* @ marked->mark.{id or seid} */ }
u32 mark_half(struct marked *marked) { return marked->mark.half; /* @ marked->mark.half */ }
u32 mark_high(struct marked *marked) { return marked->mark.cookie.high; /* @ marked->mark.cookie.high */ }
void *mark_pointer(struct marked *marked) { return marked->mark.held; /* @ marked->mark.{slot or held} */ }
u32 mark_port(struct marked *marked) { return marked->port; /* @ marked->port */ }

u32 mark_typed(struct marked *marked)
{
	seid_t seid = marked->mark.seid; /* @ marked->mark.seid ; marked->mark.{id or seid} */

	touch(marked);
	return seid ^ check(seid);
}
