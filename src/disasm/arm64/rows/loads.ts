/** Loads and stores (C4.1.96). Grammar: ../row.ts. Those that come in the same form for every size and register are made from a list. */

/** A load or store of one register: bits 31 and 30, 26, 23 and 22; mnemonic; kind of register; log2 of bytes. */
type Single = readonly [size: string, vector: string, opc: string, name: string, register: string, shift: number];

const integers: readonly Single[] = [
  ["00", "0", "00", "strb", "<W:t>", 0], ["00", "0", "01", "ldrb", "<W:t>", 0], ["00", "0", "10", "ldrsb", "<X:t>", 0], ["00", "0", "11", "ldrsb", "<W:t>", 0],
  ["01", "0", "00", "strh", "<W:t>", 1], ["01", "0", "01", "ldrh", "<W:t>", 1], ["01", "0", "10", "ldrsh", "<X:t>", 1], ["01", "0", "11", "ldrsh", "<W:t>", 1],
  ["10", "0", "00", "str", "<W:t>", 2], ["10", "0", "01", "ldr", "<W:t>", 2], ["10", "0", "10", "ldrsw", "<X:t>", 2],
  ["11", "0", "00", "str", "<X:t>", 3], ["11", "0", "01", "ldr", "<X:t>", 3],
];
const vectors: readonly Single[] = [
  ["00", "1", "00", "str", "b<t>", 0], ["00", "1", "01", "ldr", "b<t>", 0], ["00", "1", "10", "str", "q<t>", 4], ["00", "1", "11", "ldr", "q<t>", 4],
  ["01", "1", "00", "str", "h<t>", 1], ["01", "1", "01", "ldr", "h<t>", 1], ["10", "1", "00", "str", "s<t>", 2], ["10", "1", "01", "ldr", "s<t>", 2],
  ["11", "1", "00", "str", "d<t>", 3], ["11", "1", "01", "ldr", "d<t>", 3],
];
const prefetch: readonly Single[] = [["11", "0", "10", "prfm", "<prefetch:t>", 3]];

/** `ldrsb` as `ldursb` or `ldtrsb`. */
const named = (name: string, way: string) => name.replace(/^(ld|st|pr)([rf])/, (_, verb: string, rest: string) => (verb === "pr" ? "prfu" : verb + way + rest));

const singles = [
  ...[...integers, ...vectors].flatMap(([size, vector, opc, name, register, shift]) => [
    `${size}111${vector}00${opc}0iiiiiiiii01nnnnnttttt | ${name} ${register}, [<XS:n>], <simm:i>`,
    `${size}111${vector}00${opc}0iiiiiiiii11nnnnnttttt | ${name} ${register}, [<XS:n>, <simm:i>]!`,
    `${size}111${vector}01${opc}iiiiiiiiiiiinnnnnttttt | ${name} ${register}, [<XS:n><offset:i:${1 << shift}>]`,
  ]),
  ...integers.map(([size, , opc, name, register]) => `${size}111000${opc}0iiiiiiiii10nnnnnttttt | ${named(name, "t")} ${register}, [<XS:n><signedOffset:i>]`),
  "1111100110iiiiiiiiiiiinnnnnttttt | prfm <prefetch:t>, [<XS:n><offset:i:8>]",
  ...[...integers, ...vectors, ...prefetch].flatMap(([size, vector, opc, name, register, shift]) => [
    `${size}111${vector}00${opc}0iiiiiiiii00nnnnnttttt | ${named(name, "u")} ${register}, [<XS:n><signedOffset:i>]`,
    `${size}111${vector}00${opc}1mmmmmoooS10nnnnnttttt | ${name} ${register}, [<XS:n>, <index:m:${shift}>]`,
  ]),
];

/** Pairs: bits 31 and 30, 26, 22; mnemonic; kind of register; bytes of one. */
type Pair = readonly [opc: string, vector: string, load: string, name: string, register: string, bytes: number];

const pairs = (
  [
    ["00", "0", "0", "stp", "W", 4], ["00", "0", "1", "ldp", "W", 4], ["01", "0", "1", "ldpsw", "X", 4], ["10", "0", "0", "stp", "X", 8], ["10", "0", "1", "ldp", "X", 8],
    ["01", "0", "0", "stgp", "X", 16],
    ["00", "1", "0", "stp", "s", 4], ["00", "1", "1", "ldp", "s", 4], ["01", "1", "0", "stp", "d", 8], ["01", "1", "1", "ldp", "d", 8],
    ["10", "1", "0", "stp", "q", 16], ["10", "1", "1", "ldp", "q", 16],
  ] as readonly Pair[]
).flatMap(([opc, vector, load, name, kind, bytes]) => {
  const both = vector === "1" ? `${kind}<t>, ${kind}<u>` : `<${kind}:t>, <${kind}:u>`;
  const row = (type: string, mnemonic: string, address: string) => `${opc}101${vector}${type}${load}iiiiiiiuuuuunnnnnttttt | ${mnemonic} ${both}, ${address}`;
  // LDPSW alone: not both results in one register, and none in that of an address that is written back.
  const once = (type: string, mnemonic: string, address: string, conditions: readonly string[]) =>
    name === "ldpsw" ? conditions.map((condition) => `${row(type, mnemonic, address)} ? ${condition}`) : [row(type, mnemonic, address)];
  const writtenBack = ["t!=u n=31", "t!=u t!=n u!=n"];
  return [
    ...(opc === "01" && vector === "0" ? [] : [row("000", name.replace("p", "np"), `[<XS:n><signedOffset:i:${bytes}>]`)]),
    ...once("001", name, `[<XS:n>], <simm:i:${bytes}>`, writtenBack),
    ...once("010", name, `[<XS:n><signedOffset:i:${bytes}>]`, ["t!=u"]),
    ...once("011", name, `[<XS:n>, <simm:i:${bytes}>]!`, writtenBack),
  ];
});

/** Structures of vectors: mnemonic's number, registers, opcode; single lanes by the letter of their elements. */
const structures = [
  ...([["4", 4, "0000"], ["1", 4, "0010"], ["3", 3, "0100"], ["1", 3, "0110"], ["1", 1, "0111"], ["2", 2, "1000"], ["1", 2, "1010"]] as const).flatMap(([number, count, opcode]) => {
    const list = number === "1" ? "list" : "listNo1d";
    return [
      `0Q0011000l000000${opcode}zznnnnnttttt | <l?st,ld>${number} <${list}:t:${count}>, [<XS:n>]`,
      `0Q0011001l011111${opcode}zznnnnnttttt | <l?st,ld>${number} <${list}:t:${count}>, [<XS:n>], <listBytes:Q:${count}>`,
      `0Q0011001l0mmmmm${opcode}zznnnnnttttt | <l?st,ld>${number} <${list}:t:${count}>, [<XS:n>], <X:m>`,
    ];
  }),
  ...[1, 2, 3, 4].flatMap((count) => {
    const r = count % 2 === 0 ? "1" : "0";
    const high = count > 2 ? "1" : "0";
    // Opcode, S and size of each element; what they do not fix is the number of the lane.
    const lanes = [["00", "Szz", "b"], ["01", "Sz0", "h"], ["10", "S00", "s"], ["10", "001", "d"]] as const;
    return [
      ...lanes.flatMap(([opcode, rest, letter]) => {
        const size = "bhsd".indexOf(letter);
        const row = (post: string, m: string, address: string) => `0Q001101${post}l${r}${m}${opcode}${high}${rest}nnnnnttttt | <l?st,ld>${count} <lane${letter.toUpperCase()}:t:${count}>, ${address}`;
        return [row("0", "00000", "[<XS:n>]"), row("1", "11111", `[<XS:n>], #${count << size}`), row("1", "mmmmm", "[<XS:n>], <X:m>")];
      }),
      `0Q0011010 1${r}0000011${high}0zznnnnnttttt | ld${count}r <list:t:${count}>, [<XS:n>]`,
      `0Q0011011 1${r}1111111${high}0zznnnnnttttt | ld${count}r <list:t:${count}>, [<XS:n>], <laneBytes:z:${count}>`,
      `0Q0011011 1${r}mmmmm11${high}0zznnnnnttttt | ld${count}r <list:t:${count}>, [<XS:n>], <X:m>`,
    ];
  }),
];

const others = `
// Literals
0s011000iiiiiiiiiiiiiiiiiiittttt | ldr <R:t>, <branch:i>
10011000iiiiiiiiiiiiiiiiiiittttt | ldrsw <X:t>, <branch:i>
11011000iiiiiiiiiiiiiiiiiiittttt | prfm <prefetch:t>, <branch:i>
kk011100iiiiiiiiiiiiiiiiiiittttt | ldr <k?s,d,q,-><t>, <branch:i>

// Exclusive and ordered
0z001000000wwwwwouuuuunnnnnttttt | st<o?.,l>xr<z?b,h> <W:w>, <W:t>, [<XS:n>]
1s001000000wwwwwouuuuunnnnnttttt | st<o?.,l>xr <W:w>, <R:t>, [<XS:n>]
0z001000010wwwwwouuuuunnnnnttttt | ld<o?.,a>xr<z?b,h> <W:t>, [<XS:n>]
1s001000010wwwwwouuuuunnnnnttttt | ld<o?.,a>xr <R:t>, [<XS:n>]
1s001000001wwwwwouuuuunnnnnttttt | st<o?.,l>xp <W:w>, <R:t>, <R:u>, [<XS:n>]
1s001000011wwwwwouuuuunnnnnttttt | ld<o?.,a>xp <R:t>, <R:u>, [<XS:n>]
0s0010000l1wwwwwo11111nnnnnttttt | casp<l?.,a><o?.,l> <Reven:w>, <Rnext:w>, <Reven:t>, <Rnext:t>, [<XS:n>]
0z001000100wwwwwouuuuunnnnnttttt | st<o?l,.>lr<z?b,h> <W:t>, [<XS:n>]
1s001000100wwwwwouuuuunnnnnttttt | st<o?l,.>lr <R:t>, [<XS:n>]
0z001000110wwwww0uuuuunnnnnttttt | ldlar<z?b,h> <W:t>, [<XS:n>]
1s001000110wwwww0uuuuunnnnnttttt | ldlar <R:t>, [<XS:n>]
00001000110w1111111111nnnnnttttt | ldarb <W:t>, [<XS:n>]
0100100011011111111111nnnnnttttt | ldarh <W:t>, [<XS:n>]
1s001000110w1111111111nnnnnttttt | ldar <R:t>, [<XS:n>]
0z0010001l1wwwwwo11111nnnnnttttt | cas<l?.,a><o?.,l><z?b,h> <W:w>, <W:t>, [<XS:n>]
1s0010001l1wwwwwo11111nnnnnttttt | cas<l?.,a><o?.,l> <R:w>, <R:t>, [<XS:n>]
0z011001000iiiiiiiii00nnnnnttttt | stlur<z?b,h> <W:t>, [<XS:n><signedOffset:i>]
1s011001000iiiiiiiii00nnnnnttttt | stlur <R:t>, [<XS:n><signedOffset:i>]
0z011001010iiiiiiiii00nnnnnttttt | ldapur<z?b,h> <W:t>, [<XS:n><signedOffset:i>]
1s011001010iiiiiiiii00nnnnnttttt | ldapur <R:t>, [<XS:n><signedOffset:i>]
0z011001100iiiiiiiii00nnnnnttttt | ldapurs<z?b,h> <X:t>, [<XS:n><signedOffset:i>]
0z011001110iiiiiiiii00nnnnnttttt | ldapurs<z?b,h> <W:t>, [<XS:n><signedOffset:i>]
10011001100iiiiiiiii00nnnnnttttt | ldapursw <X:t>, [<XS:n><signedOffset:i>]

// Atomic
0z111000ar1wwwww0ooo00nnnnn11111 | st<o?add,clr,eor,set,smax,smin,umax,umin><r?.,l><z?b,h> <W:w>, [<XS:n>] ? a=0
1s111000ar1wwwww0ooo00nnnnn11111 | st<o?add,clr,eor,set,smax,smin,umax,umin><r?.,l> <R:w>, [<XS:n>] ? a=0
0z111000ar1wwwww0ooo00nnnnnttttt | ld<o?add,clr,eor,set,smax,smin,umax,umin><a?.,a><r?.,l><z?b,h> <W:w>, <W:t>, [<XS:n>]
1s111000ar1wwwww0ooo00nnnnnttttt | ld<o?add,clr,eor,set,smax,smin,umax,umin><a?.,a><r?.,l> <R:w>, <R:t>, [<XS:n>]
0z111000ar1wwwww100000nnnnnttttt | swp<a?.,a><r?.,l><z?b,h> <W:w>, <W:t>, [<XS:n>]
1s111000ar1wwwww100000nnnnnttttt | swp<a?.,a><r?.,l> <R:w>, <R:t>, [<XS:n>]
0z11100010111111110000nnnnnttttt | ldapr<z?b,h> <W:t>, [<XS:n>]
1s11100010111111110000nnnnnttttt | ldapr <R:t>, [<XS:n>]
1111100000111111100100nnnnnttttt | st64b <X:t>, [<XS:n>]
1111100000111111110100nnnnnttttt | ld64b <X:t>, [<XS:n>]
11111000001wwwww101100nnnnnttttt | st64bv <X:w>, <X:t>, [<XS:n>]
11111000001wwwww101000nnnnnttttt | st64bv0 <X:w>, <X:t>, [<XS:n>]

// With pointer authentication
11111000kj1iiiiiiiii01nnnnnttttt | ldra<k?a,b> <X:t>, [<XS:n><authOffset:i>]
11111000kj1iiiiiiiii11nnnnnttttt | ldra<k?a,b> <X:t>, [<XS:n><authOffset:i>]!

// Memory tags
1101100100100000000000nnnnnttttt | stzgm <X:t>, [<XS:n>]
1101100110100000000000nnnnnttttt | stgm <X:t>, [<XS:n>]
1101100111100000000000nnnnnttttt | ldgm <X:t>, [<XS:n>]
11011001011iiiiiiiii00nnnnnttttt | ldg <X:t>, [<XS:n><signedOffset:i:16>]
11011001kk1iiiiiiiii01nnnnnttttt | <k?stg,stzg,st2g,stz2g> <XS:t>, [<XS:n>], <simm:i:16>
11011001kk1iiiiiiiii10nnnnnttttt | <k?stg,stzg,st2g,stz2g> <XS:t>, [<XS:n><signedOffset:i:16>]
11011001kk1iiiiiiiii11nnnnnttttt | <k?stg,stzg,st2g,stz2g> <XS:t>, [<XS:n>, <simm:i:16>]!

// Copy and set memory: prologue, main, epilogue
00011k01pp0wwwwwoooo01nnnnnddddd | cpy<k?f,.><p?p,m,e,-><o?.,wt,rt,t,wn,wtwn,rtwn,twn,rn,wtrn,rtrn,trn,n,wtn,rtn,tn> [<X:d>]!, [<X:w>]!, <X:n>! ? d!=w d!=n w!=n d<31 n<31 w<31
00011k01110wwwwwppoo01nnnnnddddd | set<k?.,g><p?p,m,e,-><o?.,t,n,tn> [<X:d>]!, <X:n>!, <X:w> ? d!=w d!=n w!=n d<31 n<31
`;

export const loadRows = [others, ...singles, ...pairs, ...structures].join("\n");
