/** Arithmetic, logic and moves of general registers (C4.1.92 to C4.1.93 and C4.1.95: data processing, immediate and register). Grammar: ../row.ts. */
export const integerRows = `
// PC-relative addresses
0ii10000jjjjjjjjjjjjjjjjjjjddddd | adr <X:d>, <adr:j>
1ii10000jjjjjjjjjjjjjjjjjjjddddd | adrp <X:d>, <adrp:j>

// Add and subtract, immediate
s00100010 0 000000000000 nnnnn 11111 | mov <SP:s>, <RS:n>
s00100010 0 000000000000 11111 ddddd | mov <RS:d>, <SP:s>
s00100010hiiiiiiiiiiiinnnnnddddd | add <RS:d>, <RS:n>, <hex:i><lsl12:h>
s01100010hiiiiiiiiiiiinnnnn11111 | cmn <RS:n>, <hex:i><lsl12:h>
s01100010hiiiiiiiiiiiinnnnnddddd | adds <R:d>, <RS:n>, <hex:i><lsl12:h>
s10100010hiiiiiiiiiiiinnnnnddddd | sub <RS:d>, <RS:n>, <hex:i><lsl12:h>
s11100010hiiiiiiiiiiiinnnnn11111 | cmp <RS:n>, <hex:i><lsl12:h>
s11100010hiiiiiiiiiiiinnnnnddddd | subs <R:d>, <RS:n>, <hex:i><lsl12:h>
1001000110iiiiii00jjjjnnnnnddddd | addg <XS:d>, <XS:n>, <hex:i:16>, <hex:j>
1101000110iiiiii00jjjjnnnnnddddd | subg <XS:d>, <XS:n>, <hex:i:16>, <hex:j>
s0010001110000iiiiiiiinnnnnddddd | smax <R:d>, <R:n>, <decSigned:i>
s0010001110001iiiiiiiinnnnnddddd | umax <R:d>, <R:n>, #<i>
s0010001110010iiiiiiiinnnnnddddd | smin <R:d>, <R:n>, <decSigned:i>
s0010001110011iiiiiiiinnnnnddddd | umin <R:d>, <R:n>, #<i>

// Logic, immediate: i is immr, j imms
s00100100Niiiiiijjjjjjnnnnnddddd | and <RS:d>, <R:n>, <logical:i>
s01100100Niiiiiijjjjjj11111ddddd | mov <RS:d>, <logicalMove:i>
s01100100Niiiiiijjjjjjnnnnnddddd | orr <RS:d>, <R:n>, <logical:i>
s10100100Niiiiiijjjjjjnnnnnddddd | eor <RS:d>, <R:n>, <logical:i>
s11100100Niiiiiijjjjjjnnnnn11111 | tst <R:n>, <logical:i>
s11100100Niiiiiijjjjjjnnnnnddddd | ands <R:d>, <R:n>, <logical:i>

// Moves of immediates
s00100101hhiiiiiiiiiiiiiiiiddddd | mov <R:d>, <movNot:i>
s00100101hhiiiiiiiiiiiiiiiiddddd | movn <R:d>, <hex:i><hw:h>
s10100101hhiiiiiiiiiiiiiiiiddddd | mov <R:d>, <movWide:i>
s10100101hhiiiiiiiiiiiiiiiiddddd | movz <R:d>, <hex:i><hw:h>
s11100101hhiiiiiiiiiiiiiiiiddddd | movk <R:d>, <hex:i><hw:h>

// Bit fields: r is immr, i imms
s00100110Nrrrrrriiiiiinnnnnddddd | asr <R:d>, <R:n>, <shiftAll:r> ? N=s
s00100110N000000000111nnnnnddddd | sxtb <R:d>, <W:n> ? N=s
s00100110N000000001111nnnnnddddd | sxth <R:d>, <W:n> ? N=s
1001001101000000011111nnnnnddddd | sxtw <X:d>, <W:n>
s00100110Nrrrrrriiiiiinnnnnddddd | sbfiz <R:d>, <R:n>, <insertAt:r> ? N=s
s00100110Nrrrrrriiiiiinnnnnddddd | sbfx <R:d>, <R:n>, <extractAt:r> ? N=s
s01100110Nrrrrrriiiiii11111ddddd | bfc <R:d>, <insertAt:r> ? N=s
s01100110Nrrrrrriiiiiinnnnnddddd | bfi <R:d>, <R:n>, <insertAt:r> ? N=s
s01100110Nrrrrrriiiiiinnnnnddddd | bfxil <R:d>, <R:n>, <extractAt:r> ? N=s
s10100110Nrrrrrriiiiiinnnnnddddd | lsl <R:d>, <R:n>, <lslAmount:r> ? N=s
s10100110Nrrrrrriiiiiinnnnnddddd | lsr <R:d>, <R:n>, <shiftAll:r> ? N=s
0101001100000000000111nnnnnddddd | uxtb <W:d>, <W:n>
0101001100000000001111nnnnnddddd | uxth <W:d>, <W:n>
s10100110Nrrrrrriiiiiinnnnnddddd | ubfiz <R:d>, <R:n>, <insertAt:r> ? N=s
s10100110Nrrrrrriiiiiinnnnnddddd | ubfx <R:d>, <R:n>, <extractAt:r> ? N=s
s00100111N0mmmmmiiiiiinnnnnddddd | ror <R:d>, <R:n>, <amount:i> ? N=s n=m
s00100111N0mmmmmiiiiiinnnnnddddd | extr <R:d>, <R:n>, <R:m>, <amount:i> ? N=s

// Logic, shifted register
s01010100 0 0mmmmm00000011111ddddd | mov <R:d>, <R:m>
s0101010hh1mmmmmiiiiii11111ddddd | mvn <R:d>, <R:m><shift:i>
s1101010hh0mmmmmiiiiiinnnnn11111 | tst <R:n>, <R:m><shift:i>
s0001010hh0mmmmmiiiiiinnnnnddddd | and <R:d>, <R:n>, <R:m><shift:i>
s0001010hh1mmmmmiiiiiinnnnnddddd | bic <R:d>, <R:n>, <R:m><shift:i>
s0101010hh0mmmmmiiiiiinnnnnddddd | orr <R:d>, <R:n>, <R:m><shift:i>
s0101010hh1mmmmmiiiiiinnnnnddddd | orn <R:d>, <R:n>, <R:m><shift:i>
s1001010hh0mmmmmiiiiiinnnnnddddd | eor <R:d>, <R:n>, <R:m><shift:i>
s1001010hh1mmmmmiiiiiinnnnnddddd | eon <R:d>, <R:n>, <R:m><shift:i>
s1101010hh0mmmmmiiiiiinnnnnddddd | ands <R:d>, <R:n>, <R:m><shift:i>
s1101010hh1mmmmmiiiiiinnnnnddddd | bics <R:d>, <R:n>, <R:m><shift:i>

// Add and subtract, shifted register
s0001011hh0mmmmmiiiiiinnnnnddddd | add <R:d>, <R:n>, <R:m><shift:i> ? h<3
s0101011hh0mmmmmiiiiiinnnnn11111 | cmn <R:n>, <R:m><shift:i> ? h<3
s0101011hh0mmmmmiiiiiinnnnnddddd | adds <R:d>, <R:n>, <R:m><shift:i> ? h<3
s1001011hh0mmmmmiiiiii11111ddddd | neg <R:d>, <R:m><shift:i> ? h<3
s1001011hh0mmmmmiiiiiinnnnnddddd | sub <R:d>, <R:n>, <R:m><shift:i> ? h<3
s1101011hh0mmmmmiiiiiinnnnn11111 | cmp <R:n>, <R:m><shift:i> ? h<3
s1101011hh0mmmmmiiiiii11111ddddd | negs <R:d>, <R:m><shift:i> ? h<3
s1101011hh0mmmmmiiiiiinnnnnddddd | subs <R:d>, <R:n>, <R:m><shift:i> ? h<3

// Add and subtract, extended register
s0001011001mmmmmoooiiinnnnn11111 | add <SP:s>, <RS:n>, <extendSp:m>
s0001011001mmmmmoooiii11111ddddd | add <RS:d>, <SP:s>, <extendSp:m>
s0001011001mmmmmoooiiinnnnnddddd | add <RS:d>, <RS:n>, <extend:m>
s0101011001mmmmmoooiii1111111111 | cmn <SP:s>, <extendSp:m>
s0101011001mmmmmoooiiinnnnn11111 | cmn <RS:n>, <extend:m>
s0101011001mmmmmoooiii11111ddddd | adds <R:d>, <SP:s>, <extendSp:m>
s0101011001mmmmmoooiiinnnnnddddd | adds <R:d>, <RS:n>, <extend:m>
s1001011001mmmmmoooiiinnnnn11111 | sub <SP:s>, <RS:n>, <extendSp:m>
s1001011001mmmmmoooiii11111ddddd | sub <RS:d>, <SP:s>, <extendSp:m>
s1001011001mmmmmoooiiinnnnnddddd | sub <RS:d>, <RS:n>, <extend:m>
s1101011001mmmmmoooiii1111111111 | cmp <SP:s>, <extendSp:m>
s1101011001mmmmmoooiiinnnnn11111 | cmp <RS:n>, <extend:m>
s1101011001mmmmmoooiii11111ddddd | subs <R:d>, <SP:s>, <extendSp:m>
s1101011001mmmmmoooiiinnnnnddddd | subs <R:d>, <RS:n>, <extend:m>

// With carry, and flags
s0011010000mmmmm000000nnnnnddddd | adc <R:d>, <R:n>, <R:m>
s0111010000mmmmm000000nnnnnddddd | adcs <R:d>, <R:n>, <R:m>
s1011010000mmmmm00000011111ddddd | ngc <R:d>, <R:m>
s1011010000mmmmm000000nnnnnddddd | sbc <R:d>, <R:n>, <R:m>
s1111010000mmmmm00000011111ddddd | ngcs <R:d>, <R:m>
s1111010000mmmmm000000nnnnnddddd | sbcs <R:d>, <R:n>, <R:m>
10111010000iiiiii00001nnnnn0jjjj | rmif <X:n>, #<i>, #<j>
0011101000000000000010nnnnn01101 | setf8 <W:n>
0011101000000000010010nnnnn01101 | setf16 <W:n>
s0111010010mmmmmcccc00nnnnn0jjjj | ccmn <R:n>, <R:m>, <hex:j>, <cond:c><condNote:c>
s1111010010mmmmmcccc00nnnnn0jjjj | ccmp <R:n>, <R:m>, <hex:j>, <cond:c><condNote:c>
s0111010010iiiiicccc10nnnnn0jjjj | ccmn <R:n>, <hex:i>, <hex:j>, <cond:c><condNote:c>
s1111010010iiiiicccc10nnnnn0jjjj | ccmp <R:n>, <hex:i>, <hex:j>, <cond:c><condNote:c>

// Conditional select
s0011010100mmmmmcccc00nnnnnddddd | csel <R:d>, <R:n>, <R:m>, <cond:c><condNote:c>
s001101010011111cccc0111111ddddd | cset <R:d>, <condNot:c><condNotNote:c>
s0011010100mmmmmcccc01nnnnnddddd | cinc <R:d>, <R:n>, <condNot:c><condNotNote:c> ? n=m n<31
s0011010100mmmmmcccc01nnnnnddddd | csinc <R:d>, <R:n>, <R:m>, <cond:c><condNote:c>
s101101010011111cccc0011111ddddd | csetm <R:d>, <condNot:c><condNotNote:c>
s1011010100mmmmmcccc00nnnnnddddd | cinv <R:d>, <R:n>, <condNot:c><condNotNote:c> ? n=m n<31
s1011010100mmmmmcccc00nnnnnddddd | csinv <R:d>, <R:n>, <R:m>, <cond:c><condNote:c>
s1011010100mmmmmcccc01nnnnnddddd | cneg <R:d>, <R:n>, <condNot:c><condNotNote:c> ? n=m
s1011010100mmmmmcccc01nnnnnddddd | csneg <R:d>, <R:n>, <R:m>, <cond:c><condNote:c>

// Three sources
s0011011000mmmmm011111nnnnnddddd | mul <R:d>, <R:n>, <R:m>
s0011011000mmmmm0aaaaannnnnddddd | madd <R:d>, <R:n>, <R:m>, <R:a>
s0011011000mmmmm111111nnnnnddddd | mneg <R:d>, <R:n>, <R:m>
s0011011000mmmmm1aaaaannnnnddddd | msub <R:d>, <R:n>, <R:m>, <R:a>
10011011u01mmmmm011111nnnnnddddd | <u?s,u>mull <X:d>, <W:n>, <W:m>
10011011u01mmmmm0aaaaannnnnddddd | <u?s,u>maddl <X:d>, <W:n>, <W:m>, <X:a>
10011011u01mmmmm111111nnnnnddddd | <u?s,u>mnegl <X:d>, <W:n>, <W:m>
10011011u01mmmmm1aaaaannnnnddddd | <u?s,u>msubl <X:d>, <W:n>, <W:m>, <X:a>
10011011u10mmmmm0aaaaannnnnddddd | <u?s,u>mulh <X:d>, <X:n>, <X:m>

// Two sources
s0011010110mmmmm000010nnnnnddddd | udiv <R:d>, <R:n>, <R:m>
s0011010110mmmmm000011nnnnnddddd | sdiv <R:d>, <R:n>, <R:m>
s0011010110mmmmm0010hhnnnnnddddd | <h?lsl,lsr,asr,ror> <R:d>, <R:n>, <R:m>
s0011010110mmmmm0110hhnnnnnddddd | <h?smax,umax,smin,umin> <R:d>, <R:n>, <R:m>
00011010110mmmmm010czznnnnnddddd | crc32<c?.,c><z?b,h,w> <W:d>, <W:n>, <W:m>
10011010110mmmmm010c11nnnnnddddd | crc32<c?.,c>x <W:d>, <W:n>, <X:m>
10011010110mmmmm000000nnnnnddddd | subp <X:d>, <XS:n>, <XS:m>
10111010110mmmmm000000nnnnn11111 | cmpp <XS:n>, <XS:m>
10111010110mmmmm000000nnnnnddddd | subps <X:d>, <XS:n>, <XS:m>
1001101011011111000100nnnnnddddd | irg <XS:d>, <XS:n>
10011010110mmmmm000100nnnnnddddd | irg <XS:d>, <XS:n>, <X:m>
10011010110mmmmm000101nnnnnddddd | gmi <X:d>, <XS:n>, <X:m>
10011010110mmmmm001100nnnnnddddd | pacga <X:d>, <X:n>, <XS:m>

// One source
s101101011000000000000nnnnnddddd | rbit <R:d>, <R:n>
s101101011000000000001nnnnnddddd | rev16 <R:d>, <R:n>
0101101011000000000010nnnnnddddd | rev <W:d>, <W:n>
1101101011000000000010nnnnnddddd | rev32 <X:d>, <X:n>
1101101011000000000011nnnnnddddd | rev <X:d>, <X:n>
s101101011000000000100nnnnnddddd | clz <R:d>, <R:n>
s101101011000000000101nnnnnddddd | cls <R:d>, <R:n>
s101101011000000000110nnnnnddddd | ctz <R:d>, <R:n>
s101101011000000000111nnnnnddddd | cnt <R:d>, <R:n>
s101101011000000001000nnnnnddddd | abs <R:d>, <R:n>

// Pointer authentication, with a modifier and with zero for one
1101101011000001 0000kk nnnnn ddddd | pac<k?ia,ib,da,db> <X:d>, <XS:n>
1101101011000001 0001kk nnnnn ddddd | aut<k?ia,ib,da,db> <X:d>, <XS:n>
1101101011000001 0010kk 11111 ddddd | pac<k?iza,izb,dza,dzb> <X:d>
1101101011000001 0011kk 11111 ddddd | aut<k?iza,izb,dza,dzb> <X:d>
1101101011000001 010000 11111 ddddd | xpaci <X:d>
1101101011000001 010001 11111 ddddd | xpacd <X:d>
`;
