/*
 * `gtp-tunnel NAME MS PEER TEI`: makes a GTP device on sockets of its own (RTM_NEWLINK with IFLA_GTP_FD0 and IFLA_GTP_FD1, which every kernel takes), sets it up, gives it a tunnel of
 * GTPv1 (GTP_CMD_NEWPDP) for the mobile at MS, to the peer at PEER, with TEI in both directions, says `ready`, and reads what comes to the sockets until it is ended.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/gtp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[1024];
static struct nlmsghdr *const header = (struct nlmsghdr *)message;

static struct nlattr *add(int type, const void *bytes, int size)
{
	struct nlattr *attribute = (struct nlattr *)(message + NLMSG_ALIGN(header->nlmsg_len));

	attribute->nla_type = type;
	attribute->nla_len = NLA_HDRLEN + size;
	if (size)
		memcpy((char *)attribute + NLA_HDRLEN, bytes, size);
	header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + NLA_ALIGN(attribute->nla_len);
	return attribute;
}

static void end(struct nlattr *nest)
{
	nest->nla_len = message + header->nlmsg_len - (char *)nest;
}

static void *begin(int type, int flags, int size)
{
	memset(message, 0, sizeof(message));
	header->nlmsg_len = NLMSG_HDRLEN + NLMSG_ALIGN(size);
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	return NLMSG_DATA(header);
}

/* Sends the message; the answer stands where it was. */
static void ask(int link, const char *what)
{
	if (send(link, message, header->nlmsg_len, 0) < 0 || recv(link, message, sizeof(message), 0) < 0)
		perror(what), exit(1);
	if (header->nlmsg_type == NLMSG_ERROR && *(int *)NLMSG_DATA(header))
		fprintf(stderr, "%s: %s\n", what, strerror(-*(int *)NLMSG_DATA(header))), exit(1);
}

static int listening(int port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = socket(AF_INET, SOCK_DGRAM, 0);

	if (one < 0 || bind(one, (struct sockaddr *)&any, sizeof(any)))
		perror("bind"), exit(1);
	return one;
}

int main(int argc, char **argv)
{
	int link = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), generic = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	int old = listening(3386), new = listening(2152), family = 0;
	unsigned role = GTP_ROLE_GGSN, version = GTP_V1, device, tei = argc > 4 ? strtoul(argv[4], NULL, 0) : 1;
	struct in_addr ms, peer;
	struct nlattr *info, *data, *one;
	struct genlmsghdr *command;
	struct ifinfomsg *interface;

	if (argc < 5)
		return 2;
	begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, sizeof(*interface));
	add(IFLA_IFNAME, argv[1], strlen(argv[1]) + 1);
	info = add(IFLA_LINKINFO, NULL, 0);
	add(IFLA_INFO_KIND, "gtp", 4);
	data = add(IFLA_INFO_DATA, NULL, 0);
	add(IFLA_GTP_FD0, &old, 4);
	add(IFLA_GTP_FD1, &new, 4);
	add(IFLA_GTP_ROLE, &role, 4);
	end(data);
	end(info);
	ask(link, "make the device");
	device = if_nametoindex(argv[1]);
	interface = begin(RTM_NEWLINK, NLM_F_ACK, sizeof(*interface));
	interface->ifi_index = device;
	interface->ifi_flags = interface->ifi_change = IFF_UP;
	ask(link, "set it up");

	command = begin(GENL_ID_CTRL, 0, sizeof(*command));
	command->cmd = CTRL_CMD_GETFAMILY;
	command->version = 1;
	add(CTRL_ATTR_FAMILY_NAME, "gtp", 4);
	ask(generic, "find the family gtp");
	for (one = (struct nlattr *)((char *)NLMSG_DATA(header) + GENL_HDRLEN); (char *)one < message + header->nlmsg_len; one = (struct nlattr *)((char *)one + NLA_ALIGN(one->nla_len)))
		if (one->nla_type == CTRL_ATTR_FAMILY_ID)
			family = *(unsigned short *)((char *)one + NLA_HDRLEN);
	inet_aton(argv[2], &ms);
	inet_aton(argv[3], &peer);
	command = begin(family, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(*command));
	command->cmd = GTP_CMD_NEWPDP;
	add(GTPA_LINK, &device, 4);
	add(GTPA_VERSION, &version, 4);
	add(GTPA_PEER_ADDRESS, &peer, 4);
	add(GTPA_MS_ADDRESS, &ms, 4);
	add(GTPA_I_TEI, &tei, 4);
	add(GTPA_O_TEI, &tei, 4);
	ask(generic, "make the tunnel");
	puts("ready");
	fflush(stdout);
	for (;;)
		recv(new, message, sizeof(message), 0);
}
