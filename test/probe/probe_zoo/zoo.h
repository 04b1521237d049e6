/* SPDX-License-Identifier: MIT */
struct zoo_animal {
	int weight;
	int legs;
};

struct zoo_small {
	int a, b;
};

struct zoo_pair {
	long a, b;
};

struct zoo_large {
	long a, b, c;
};

int zoo_plain(struct zoo_animal *animal, int food);
int zoo_notrace(struct zoo_animal *animal);
int zoo_nokprobe(struct zoo_animal *animal);
int zoo_kprobes_section(struct zoo_animal *animal);
int zoo_variadic(int count, ...);
int zoo_six(int a, int b, int c, int d, int e, int f);
int zoo_seven(int a, int b, int c, int d, int e, int f, int g);
int zoo_twelve(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l);
int zoo_thirteen(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m);
int zoo_small_struct(struct zoo_small small);
int zoo_pair_struct(struct zoo_pair pair);
int zoo_large_struct(struct zoo_large large);
int zoo_crowded_struct(int a, int b, int c, int d, int e, struct zoo_pair pair);
struct zoo_pair zoo_returns_struct(int a);
int zoo_other(struct zoo_animal *animal);
