/* Code of many kinds, to be compiled for arm64 in several ways: what a compiler makes of it is held against objdump. */
#include <stdint.h>
#include <stdarg.h>
#include <arm_neon.h>

typedef unsigned __int128 u128;
struct pair { uint64_t first, second; };
struct node { struct node *next; int32_t key; uint16_t flags : 3, mode : 5, rest : 8; int8_t small; float weight; double size; };
extern void *lookup(const char *, long);
extern int report(const char *, ...);
extern uint8_t table[256];

/* loads, stores, addressing */
int64_t sum8(const int8_t *p, long n) { int64_t s = 0; for (long i = 0; i < n; i++) s += p[i]; return s; }
uint64_t sumu16(const uint16_t *p, unsigned n) { uint64_t s = 0; for (unsigned i = 0; i < n; i++) s += p[i]; return s; }
int64_t gather(const int32_t *p, const uint32_t *at, int n) { int64_t s = 0; for (int i = 0; i < n; i++) s += p[at[i]]; return s; }
struct pair swap(struct pair p) { return (struct pair){ p.second, p.first }; }
void copy_nodes(struct node *to, const struct node *from, int n) { while (n--) *to++ = *from++; }
long walk(struct node *n, int key) { long depth = 0; for (; n && n->key != key; n = n->next) depth += n->mode + n->small; return depth; }
void pack(struct node *n, int f, int m) { n->flags = f; n->mode = m; n->rest ^= f; }
void *memmove_own(void *d, const void *s, unsigned long n) { char *a = d; const char *b = s; if (a < b) while (n--) *a++ = *b++; else while (n--) a[n] = b[n]; return d; }

/* arithmetic, bits */
uint64_t divmod(uint64_t a, uint64_t b, int64_t c, int32_t d) { return a / b + a % b + (uint64_t)(c / d) + (uint64_t)(d % 7) + a / 1000000007u; }
u128 wide(uint64_t a, uint64_t b, int64_t c) { return (u128)a * b + (u128)((__int128)c * 3) - a; }
uint32_t bits32(uint32_t x, int n) { return (uint32_t)__builtin_clz(x) + (uint32_t)__builtin_ctz(x) + __builtin_bswap32(x) + ((x << n) | (x >> (32 - n))) + ((x >> 7) | (x << 25)) + ((x >> 3) & 0x1f) + (uint32_t)__builtin_popcount(x); }
uint64_t bits64(uint64_t x, int n) { return (uint64_t)__builtin_clzll(x) + __builtin_bswap64(x) + __builtin_bitreverse64(x) + ((x << 13) | (x >> 51)) + (x >> n) + ((int64_t)x >> n) + (x & 0xff00ff00ff00ff00ull) + (x ^ 0x7ffffffffull) + (~x & 0xfff0) + (uint64_t)__builtin_parityll(x); }
int64_t extend(int8_t a, int16_t b, int32_t c, uint8_t d) { return ((int64_t)a << 3) + ((int64_t)b << 1) + ((int64_t)c << 4) + ((uint64_t)d << 2) - (int16_t)c * 5; }
int compare(int64_t a, int64_t b, uint32_t c, uint32_t d) { return (a < b ? 1 : a > b ? -1 : 0) + (c <= d) * 3 + (a == -5) + (b > 4096) + (c && !d) + ((a & 8) ? 4 : 2); }
long select(long a, long b, long c) { return (a > b ? c + 1 : ~c) + (a < 0 ? -b : b) + (b == c ? a : -1) + (a >= 0 && a < 100 && b != 7 ? c : 0); }
uint64_t constants(int k) { switch (k) { case 0: return 0x1234567890abcdefull; case 1: return 0xffffffffffff0000ull; case 2: return 0x5555555555555555ull; case 3: return 0xffff000000000000ull; case 4: return 65536; case 5: return 0xf0f0f0f0; case 6: return ~0xabcdull; default: return (uint64_t)-k; } }
int overflow(int a, int b, long c, long d, int *r, long *q) { return __builtin_add_overflow(a, b, r) + __builtin_mul_overflow(c, d, q) + __builtin_sub_overflow(c, d, q); }

/* control */
int many(int k, int a) { switch (k) { case 1: return a + 1; case 2: return a * 3; case 3: return a - 7; case 4: return a << 4; case 5: return a / 9; case 6: return report("six", a); case 7: return a ^ 77; case 8: return ~a; case 9: return a | 0x40; } if (a & (1 << 21)) return report("bit %d", k); return 0; }
int variadic(int n, ...) { va_list list; int s = 0; va_start(list, n); while (n--) s += va_arg(list, int) + (int)va_arg(list, double); va_end(list); return s; }
long call(long (*f)(long, long), long a) { long r = f(a, 1); if (!r) __builtin_trap(); return r + f(r, 2) + (long)lookup("name", r); }
long tail(long (*f)(long), long a) { return f(a + 1); }

/* atomics */
uint64_t atomic64(uint64_t *p, uint64_t v) { uint64_t e = 1; return __atomic_fetch_add(p, v, __ATOMIC_RELAXED) + __atomic_fetch_or(p, v, __ATOMIC_ACQUIRE) + __atomic_fetch_and(p, v, __ATOMIC_RELEASE) + __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST) + __atomic_load_n(p, __ATOMIC_ACQUIRE) + __atomic_compare_exchange_n(p, &e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED); }
int atomic8(uint8_t *p, uint16_t *q, int v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); __atomic_thread_fence(__ATOMIC_SEQ_CST); __atomic_fetch_xor(q, (uint16_t)v, __ATOMIC_ACQ_REL); __atomic_fetch_sub(q, 1, __ATOMIC_RELAXED); return __atomic_load_n(p, __ATOMIC_RELAXED) + __atomic_fetch_add(p, 3, __ATOMIC_SEQ_CST); }
u128 atomic128(u128 *p, u128 e, u128 v) { __atomic_compare_exchange_n(p, &e, v, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE); return e; }

/* floating point */
double poly(double x, float y, const double *c) { double r = 0; for (int i = 0; i < 5; i++) r = r * x + c[i]; return r / y - __builtin_sqrt(x) + __builtin_fabs(r) * (x < y ? 0.5 : -1.25); }
float rounding(float a, double b, int64_t c, uint32_t d) { return __builtin_floorf(a) + __builtin_ceilf(a) + (float)__builtin_trunc(b) + (float)__builtin_round(b) + (float)c + (float)d + (float)(int32_t)a + (float)(uint64_t)b + (float)(int64_t)(a * 256.0f); }
double extremes(double a, double b, float c) { return __builtin_fmax(a, b) + __builtin_fmin(a, b) + __builtin_copysign(a, b) - __builtin_fma(a, b, c) + (a != a) + (a >= b) * 2; }
_Float16 half(_Float16 a, _Float16 b, float c) { return a * b + (_Float16)c - a / (b + (_Float16)1.5); }

/* loops that compilers make vectors of */
void add_all(int32_t *a, const int32_t *b, int n) { for (int i = 0; i < n; i++) a[i] += b[i] * 3 + (b[i] > 7 ? 2 : 5); }
void scale(float *a, const float *b, float f, int n) { for (int i = 0; i < n; i++) a[i] = b[i] * f + a[i]; }
void widen(uint32_t *a, const uint8_t *b, int n) { for (int i = 0; i < n; i++) a[i] = (uint32_t)b[i] << 3; }
void narrow(uint8_t *a, const uint32_t *b, int n) { for (int i = 0; i < n; i++) a[i] = (uint8_t)(b[i] >> 5); }
void planes(uint8_t *r, uint8_t *g, uint8_t *b, const uint8_t *rgb, int n) { for (int i = 0; i < n; i++) { r[i] = rgb[3 * i]; g[i] = rgb[3 * i + 1]; b[i] = rgb[3 * i + 2]; } }
int16_t dot(const int16_t *a, const int16_t *b, int n) { int32_t s = 0; for (int i = 0; i < n; i++) s += a[i] * b[i]; return (int16_t)(s >> 15); }
double mean(const double *a, int n) { double s = 0, m = a[0]; for (int i = 0; i < n; i++) { s += a[i]; m = a[i] > m ? a[i] : m; } return s / n + m; }
uint64_t hash(const uint8_t *p, long n) { uint64_t h = 0xcbf29ce484222325ull; for (long i = 0; i < n; i++) h = (h ^ table[p[i]]) * 0x100000001b3ull; return h; }
void convert(double *d, const float *f, const int32_t *i, const uint64_t *u, int n) { for (int k = 0; k < n; k++) d[k] = f[k] + i[k] + (double)u[k]; }

/* vectors by hand */
uint8x16_t look(uint8x16x4_t t, uint8x16_t i, uint8x8_t j) { return vqtbx4q_u8(vqtbl2q_u8((uint8x16x2_t){ { t.val[0], t.val[1] } }, i), t, vcombine_u8(vqtbl1_u8(i, j), j)); }
int32x4_t lanes(int32x4_t a, int16x8_t b, int8x16_t c) { return vmlal_laneq_s16(vqaddq_s32(a, vpaddlq_s16(vpadalq_s8(b, c))), vget_low_s16(b), b, 5) + vdupq_n_s32(vaddlvq_s8(c)) + vdupq_n_s32(vmaxvq_s16(b)); }
void structs(uint16_t *p, uint8_t *q) { uint16x8x4_t a = vld4q_u16(p); uint8x8x3_t b = vld3_u8(q); a.val[1] = vrhaddq_u16(a.val[0], a.val[2]); b.val[0] = vqsub_u8(b.val[1], b.val[2]); vst4q_u16(p, a); vst3_u8(q, b); vst2q_lane_u16(p, ((uint16x8x2_t){ { a.val[0], a.val[3] } }), 6); *(uint32x4_t *)p = vld1q_dup_u32((uint32_t *)q); }
float32x4_t floats(float32x4_t a, float32x4_t b, float32x2_t c) { return vfmaq_lane_f32(vrecpsq_f32(vrsqrteq_f32(a), b), a, c, 1) + vcvtq_n_f32_s32(vcvtq_n_s32_f32(b, 7), 3) + vrndaq_f32(vabdq_f32(a, b)) + vbslq_f32(vcgtq_f32(a, b), a, vnegq_f32(b)) + vmulq_n_f32(vmaxnmq_f32(a, b), 2.0f); }
int64x2_t shifts(int64x2_t a, int32x4_t b, int16x8_t c) { return vsraq_n_s64(vshll_n_s32(vget_low_s32(b), 9), a, 40) + vreinterpretq_s64_s32(vsliq_n_s32(vrshrq_n_s32(b, 5), b, 11)) + vreinterpretq_s64_s8(vqshrn_high_n_s16(vqrshrun_n_s16(c, 4), c, 2)) + vreinterpretq_s64_s16(vqdmulhq_laneq_s16(c, c, 3)); }
uint8x16_t permute(uint8x16_t a, uint8x16_t b) { return veorq_u8(vextq_u8(vzip1q_u8(a, b), vuzp2q_u8(a, b), 5), vtrn1q_u8(vrev64q_u8(a), vcntq_u8(vornq_u8(vmvnq_u8(b), a)))); }
poly16x8_t polys(poly8x8_t a, poly8x8_t b) { return vmull_p8(a, vmul_p8(a, b)); }
#ifdef __ARM_FEATURE_AES
uint8x16_t aes(uint8x16_t a, uint8x16_t k) { return vaesmcq_u8(vaeseq_u8(a, k)) ^ vaesimcq_u8(vaesdq_u8(a, k)); }
poly128_t clmul(poly64x2_t a, poly64x2_t b) { return vmull_high_p64(a, b) ^ vmull_p64(vgetq_lane_p64(a, 0), vgetq_lane_p64(b, 1)); }
uint32x4_t sha(uint32x4_t a, uint32x4_t b, uint32x4_t c) { return vsha256hq_u32(vsha256su0q_u32(a, b), vsha256h2q_u32(a, b, c), vsha256su1q_u32(a, b, c)) + vsha1cq_u32(a, vsha1h_u32(vgetq_lane_u32(b, 0)), vsha1su0q_u32(a, b, c)); }
#endif
#ifdef __ARM_FEATURE_CRC32
#include <arm_acle.h>
uint32_t crc(uint32_t c, const uint8_t *p, uint64_t v) { return __crc32cd(__crc32b(c, *p), v) + __crc32h(c, (uint16_t)v) + __crc32cw(c, 5); }
#endif
