// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A session is deleted and freed, but the cache of the last session that was found still points to it: the next packet for its number reads
 * freed memory. KFENCE sees it for the few objects that it guards, so the session is made and deleted until it had one of them.
 *
 * scenario: session-use-after-free
 * needs: kcsan
 * kind: use-after-free
 * context: process
 * append: kfence.sample_interval=1
 * end: finished
 * guilty: sc_delete
 * script: cd /sys/module/session_cache/parameters; until dmesg | grep -q 'BUG: KFENCE'; do for i in $(seq 100); do echo $i > add; echo $i > packet; echo $i > delete; echo $i > packet; done; done 2> /dev/null
 * log: BUG: KFENCE: use-after-free read in sc_receive
 * frame: sc_find@read < sc_receive@find
 * frame: sc_packet@receive
 */
#include <linux/module.h>
#include <linux/slab.h>

struct sc_session {
	u32 id;
	u32 flags;
	u64 packets;
	struct sc_session *next;
	u8 key[16];
};

static struct sc_session *sc_sessions;
static struct sc_session *sc_last;

static __always_inline struct sc_session *sc_find(u32 id)
{
	struct sc_session *session = sc_last;

	if (session && READ_ONCE(session->id) == id) /* @read */
		return session;
	for (session = sc_sessions; session; session = session->next)
		if (session->id == id)
			break;
	sc_last = session;
	return session;
}

static noinline int sc_receive(u32 id)
{
	struct sc_session *session = sc_find(id); /* @find */

	if (!session)
		return -ENOENT;
	session->packets++;
	return 0;
}

static noinline int sc_add(u32 id)
{
	struct sc_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return -ENOMEM;
	session->id = id;
	session->next = sc_sessions;
	sc_sessions = session;
	return 0;
}

static noinline int sc_delete(u32 id)
{
	struct sc_session **at = &sc_sessions;
	struct sc_session *session;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	session = *at;
	if (!session)
		return -ENOENT;
	*at = session->next;
	kfree(session); /* GUILTY: sc_last still points to it */
	return 0;
}

static int sc_packet(const char *text, const struct kernel_param *param)
{
	u32 id;
	int error = kstrtou32(text, 0, &id);

	if (!error)
		error = sc_receive(id); /* @receive */
	return error;
}

static int sc_set_add(const char *text, const struct kernel_param *param)
{
	u32 id;
	int error = kstrtou32(text, 0, &id);

	return error ? error : sc_add(id);
}

static int sc_set_delete(const char *text, const struct kernel_param *param)
{
	u32 id;
	int error = kstrtou32(text, 0, &id);

	return error ? error : sc_delete(id);
}

static const struct kernel_param_ops sc_packet_ops = { .set = sc_packet };
static const struct kernel_param_ops sc_add_ops = { .set = sc_set_add };
static const struct kernel_param_ops sc_delete_ops = { .set = sc_set_delete };
module_param_cb(packet, &sc_packet_ops, NULL, 0200);
module_param_cb(add, &sc_add_ops, NULL, 0200);
module_param_cb(delete, &sc_delete_ops, NULL, 0200);

static int __init sc_init(void)
{
	return 0;
}

module_init(sc_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A cached pointer to a freed object");

/*
 * fault: session->id
 */
