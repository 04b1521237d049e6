/** Scalar floating point (C4.1.97). p is the type: 0 single, 1 double, 3 half. Grammar: ../row.ts. */
export const floatRows = `
// Fixed point
s0011110pp000010iiiiiinnnnnddddd | scvtf <p:p><d>, <R:n>, <fbits:i>
s0011110pp000011iiiiiinnnnnddddd | ucvtf <p:p><d>, <R:n>, <fbits:i>
s0011110pp011000iiiiiinnnnnddddd | fcvtzs <R:d>, <p:p><n>, <fbits:i>
s0011110pp011001iiiiiinnnnnddddd | fcvtzu <R:d>, <p:p><n>, <fbits:i>

// Integers
s0011110pp1rr00u000000nnnnnddddd | fcvt<r?n,p,m,z><u?s,u> <R:d>, <p:p><n>
s0011110pp10001u000000nnnnnddddd | <u?s,u>cvtf <p:p><d>, <R:n>
s0011110pp10010u000000nnnnnddddd | fcvta<u?s,u> <R:d>, <p:p><n>
0001111000100110000000nnnnnddddd | fmov <W:d>, s<n>
0001111000100111000000nnnnnddddd | fmov s<d>, <W:n>
s001111011100110000000nnnnnddddd | fmov <R:d>, h<n>
s001111011100111000000nnnnnddddd | fmov h<d>, <R:n>
1001111001100110000000nnnnnddddd | fmov <X:d>, d<n>
1001111001100111000000nnnnnddddd | fmov d<d>, <X:n>
1001111010101110000000nnnnnddddd | fmov <X:d>, v<n>.d[1]
1001111010101111000000nnnnnddddd | fmov v<d>.d[1], <X:n>
0001111001111110000000nnnnnddddd | fjcvtzs <W:d>, d<n>

// One source
00011110pp100000010000nnnnnddddd | fmov <p:p><d>, <p:p><n>
00011110pp100000110000nnnnnddddd | fabs <p:p><d>, <p:p><n>
00011110pp100001010000nnnnnddddd | fneg <p:p><d>, <p:p><n>
00011110pp100001110000nnnnnddddd | fsqrt <p:p><d>, <p:p><n>
00011110pp100010k10000nnnnnddddd | fcvt <k?s,d><d>, <p:p><n> ? p!=k
00011110pp100011110000nnnnnddddd | fcvt h<d>, <p:p><n> ? p<3
0001111001100011010000nnnnnddddd | bfcvt h<d>, s<n>
00011110pp1001kkk10000nnnnnddddd | frint<k?n,p,m,z,a,-,x,i> <p:p><d>, <p:p><n>
000111100p1010kkk10000nnnnnddddd | frint<k?32z,32x,64z,64x,-,-,-,-> <p?s,d><d>, <p?s,d><n>

// Comparison
00011110pp1mmmmm001000nnnnn00000 | fcmp <p:p><n>, <p:p><m>
00011110pp1mmmmm001000nnnnn01000 | fcmp <p:p><n>, #0.0
00011110pp1mmmmm001000nnnnn10000 | fcmpe <p:p><n>, <p:p><m>
00011110pp1mmmmm001000nnnnn11000 | fcmpe <p:p><n>, #0.0
00011110pp1mmmmmcccc01nnnnn0jjjj | fccmp <p:p><n>, <p:p><m>, <hex:j>, <cond:c><condNote:c>
00011110pp1mmmmmcccc01nnnnn1jjjj | fccmpe <p:p><n>, <p:p><m>, <hex:j>, <cond:c><condNote:c>
00011110pp1mmmmmcccc11nnnnnddddd | fcsel <p:p><d>, <p:p><n>, <p:p><m>, <cond:c><condNote:c>
00011110pp1iiiiiiii10000000ddddd | fmov <p:p><d>, <float8:i>

// Two and three sources
00011110pp1mmmmm000010nnnnnddddd | fmul <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm000110nnnnnddddd | fdiv <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm001010nnnnnddddd | fadd <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm001110nnnnnddddd | fsub <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm010010nnnnnddddd | fmax <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm010110nnnnnddddd | fmin <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm011010nnnnnddddd | fmaxnm <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm011110nnnnnddddd | fminnm <p:p><d>, <p:p><n>, <p:p><m>
00011110pp1mmmmm100010nnnnnddddd | fnmul <p:p><d>, <p:p><n>, <p:p><m>
00011111ppjmmmmmkaaaaannnnnddddd | f<j?.,n>m<k?add,sub> <p:p><d>, <p:p><n>, <p:p><m>, <p:p><a>
`;
