/** Advanced SIMD (C4.1.97). z is the size of elements, Q the whole register, U unsigned or another variant. Grammar: ../row.ts. */
export const vectorRows = `
// Three of the same
0QU01110zz1mmmmm000001nnnnnddddd | <U?s,u>hadd v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm000011nnnnnddddd | <U?s,u>qadd v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm000101nnnnnddddd | <U?s,u>rhadd v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0Q001110101mmmmm000111nnnnnddddd | mov v<d>.<B:Q>, v<n>.<B:Q> ? m=n
0Q001110zz1mmmmm000111nnnnnddddd | <z?and,bic,orr,orn> v<d>.<B:Q>, v<n>.<B:Q>, v<m>.<B:Q>
0Q101110zz1mmmmm000111nnnnnddddd | <z?eor,bsl,bit,bif> v<d>.<B:Q>, v<n>.<B:Q>, v<m>.<B:Q>
0QU01110zz1mmmmm001001nnnnnddddd | <U?s,u>hsub v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm001011nnnnnddddd | <U?s,u>qsub v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm001101nnnnnddddd | cm<U?gt,hi> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm001111nnnnnddddd | cm<U?ge,hs> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm0100k1nnnnnddddd | <U?s,u><k?.,q>shl v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm0101k1nnnnnddddd | <U?s,u><k?.,q>rshl v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm0110k1nnnnnddddd | <U?s,u><k?max,min> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm0111k1nnnnnddddd | <U?s,u>ab<k?d,a> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm100001nnnnnddddd | <U?add,sub> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm100011nnnnnddddd | cm<U?tst,eq> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU01110zz1mmmmm100101nnnnnddddd | ml<U?a,s> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0Q001110zz1mmmmm100111nnnnnddddd | mul v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0Q101110001mmmmm100111nnnnnddddd | pmul v<d>.<B:Q>, v<n>.<B:Q>, v<m>.<B:Q>
0QU01110zz1mmmmm1010k1nnnnnddddd | <U?s,u><k?max,min>p v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm101101nnnnnddddd | sq<U?.,r>dmulh v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z>0 z<3
0Q001110zz1mmmmm101111nnnnnddddd | addp v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
0QU011100z1mmmmm110001nnnnnddddd | fmaxnm<U?.,p> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0QU011101z1mmmmm110001nnnnnddddd | fminnm<U?.,p> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q001110kz1mmmmm110011nnnnnddddd | fml<k?a,s> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q001110kz1mmmmm110101nnnnnddddd | f<k?add,sub> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q101110kz1mmmmm110101nnnnnddddd | f<k?addp,abd> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0QU011100z1mmmmm110111nnnnnddddd | fmul<U?x,.> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q0011100z1mmmmm111001nnnnnddddd | fcmeq v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q101110kz1mmmmm111001nnnnnddddd | fcm<k?ge,gt> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q101110kz1mmmmm111011nnnnnddddd | fac<k?ge,gt> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0QU01110kz1mmmmm111101nnnnnddddd | f<k?max,min><U?.,p> v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q001110kz1mmmmm111111nnnnnddddd | f<k?recp,rsqrt>s v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q1011100z1mmmmm111111nnnnnddddd | fdiv v<d>.<F:z>, v<n>.<F:z>, v<m>.<F:z>
0Q001110k01mmmmm111011nnnnnddddd | fml<k?a,s>l v<d>.<Q?2s,4s>, v<n>.<Q?2h,4h>, v<m>.<Q?2h,4h>
0Q101110k01mmmmm110011nnnnnddddd | fml<k?a,s>l2 v<d>.<Q?2s,4s>, v<n>.<Q?2h,4h>, v<m>.<Q?2h,4h>

// Three of the same, half precision
0Q001110k10mmmmm000001nnnnnddddd | f<k?max,min>nm v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110k10mmmmm000001nnnnnddddd | f<k?max,min>nmp v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q001110k10mmmmm000011nnnnnddddd | fml<k?a,s> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q001110k10mmmmm000101nnnnnddddd | f<k?add,sub> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110k10mmmmm000101nnnnnddddd | f<k?addp,abd> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0QU01110010mmmmm000111nnnnnddddd | fmul<U?x,.> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q001110010mmmmm001001nnnnnddddd | fcmeq v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110k10mmmmm001001nnnnnddddd | fcm<k?ge,gt> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110k10mmmmm001011nnnnnddddd | fac<k?ge,gt> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0QU01110k10mmmmm001101nnnnnddddd | f<k?max,min><U?.,p> v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q001110k10mmmmm001111nnnnnddddd | f<k?recp,rsqrt>s v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110010mmmmm001111nnnnnddddd | fdiv v<d>.<H:Q>, v<n>.<H:Q>, v<m>.<H:Q>

// Three of the same, extra
0QU01110100mmmmm100101nnnnnddddd | <U?s,u>dot v<d>.<Q?2s,4s>, v<n>.<B:Q>, v<m>.<B:Q>
0Q001110100mmmmm100111nnnnnddddd | usdot v<d>.<Q?2s,4s>, v<n>.<B:Q>, v<m>.<B:Q>
01U01110100mmmmm101001nnnnnddddd | <U?s,u>mmla v<d>.4s, v<n>.16b, v<m>.16b
01001110100mmmmm101011nnnnnddddd | usmmla v<d>.4s, v<n>.16b, v<m>.16b
0Q101110zz0mmmmm1000k1nnnnnddddd | sqrdml<k?a,s>h v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z> ? z>0 z<3
0Q101110zz0mmmmm110rr1nnnnnddddd | fcmla v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>, <rotate:r> ? z>0
0Q101110zz0mmmmm111r01nnnnnddddd | fcadd v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>, #<r?90,270> ? z>0
0Q101110010mmmmm111111nnnnnddddd | bfdot v<d>.<Q?2s,4s>, v<n>.<H:Q>, v<m>.<H:Q>
0Q101110110mmmmm111111nnnnnddddd | bfmlal<Q?b,t> v<d>.4s, v<n>.8h, v<m>.8h
01101110010mmmmm111011nnnnnddddd | bfmmla v<d>.4s, v<n>.8h, v<m>.8h

// Two registers
0Q001110zz100000000010nnnnnddddd | rev64 v<d>.<T:z>, v<n>.<T:z> ? z<3
0Q101110zz100000000010nnnnnddddd | rev32 v<d>.<T:z>, v<n>.<T:z> ? z<2
0Q00111000100000000110nnnnnddddd | rev16 v<d>.<B:Q>, v<n>.<B:Q>
0QU01110zz100000001010nnnnnddddd | <U?s,u>addlp v<d>.<Tpair:z>, v<n>.<T:z> ? z<3
0QU01110zz100000001110nnnnnddddd | <U?su,us>qadd v<d>.<T:z>, v<n>.<T:z>
0QU01110zz100000010010nnnnnddddd | cl<U?s,z> v<d>.<T:z>, v<n>.<T:z> ? z<3
0Q00111000100000010110nnnnnddddd | cnt v<d>.<B:Q>, v<n>.<B:Q>
0Q1011100k100000010110nnnnnddddd | <k?mvn,rbit> v<d>.<B:Q>, v<n>.<B:Q>
0QU01110zz100000011010nnnnnddddd | <U?s,u>adalp v<d>.<Tpair:z>, v<n>.<T:z> ? z<3
0QU01110zz100000011110nnnnnddddd | sq<U?abs,neg> v<d>.<T:z>, v<n>.<T:z>
0QU01110zz100000100010nnnnnddddd | cm<U?gt,ge> v<d>.<T:z>, v<n>.<T:z>, #0
0QU01110zz100000100110nnnnnddddd | cm<U?eq,le> v<d>.<T:z>, v<n>.<T:z>, #0
0Q001110zz100000101010nnnnnddddd | cmlt v<d>.<T:z>, v<n>.<T:z>, #0
0QU01110zz100000101110nnnnnddddd | <U?abs,neg> v<d>.<T:z>, v<n>.<T:z>
0QU01110zz100001001010nnnnnddddd | <U?xtn,sqxtun><Q?.,2> v<d>.<T:z>, v<n>.<Twide:z> ? z<3
0Q101110zz100001001110nnnnnddddd | shll<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, #<z?8,16,32> ? z<3
0QU01110zz100001010010nnnnnddddd | <U?s,u>qxtn<Q?.,2> v<d>.<T:z>, v<n>.<Twide:z> ? z<3
0QU011101z100000110010nnnnnddddd | fcm<U?gt,ge> v<d>.<F:z>, v<n>.<F:z>, #0.0
0QU011101z100000110110nnnnnddddd | fcm<U?eq,le> v<d>.<F:z>, v<n>.<F:z>, #0.0
0Q0011101z100000111010nnnnnddddd | fcmlt v<d>.<F:z>, v<n>.<F:z>, #0.0
0QU011101z100000111110nnnnnddddd | f<U?abs,neg> v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001011010nnnnnddddd | fcvtn<Q?.,2> v<d>.<Fnarrow:z>, v<n>.<Fwide:z>
0Q00111010100001011010nnnnnddddd | bfcvtn<Q?.,2> v<d>.<H:Q>, v<n>.4s
0Q10111001100001011010nnnnnddddd | fcvtxn<Q?.,2> v<d>.<Q?2s,4s>, v<n>.2d
0Q0011100z100001011110nnnnnddddd | fcvtl<Q?.,2> v<d>.<Fwide:z>, v<n>.<Fnarrow:z>
0Q0011100z100001100010nnnnnddddd | frintn v<d>.<F:z>, v<n>.<F:z>
0Q0011101z100001100010nnnnnddddd | frintp v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001100010nnnnnddddd | frinta v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001100110nnnnnddddd | frintm v<d>.<F:z>, v<n>.<F:z>
0Q0011101z100001100110nnnnnddddd | frintz v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001100110nnnnnddddd | frintx v<d>.<F:z>, v<n>.<F:z>
0Q1011101z100001100110nnnnnddddd | frinti v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001101010nnnnnddddd | fcvtns v<d>.<F:z>, v<n>.<F:z>
0Q0011101z100001101010nnnnnddddd | fcvtps v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001101010nnnnnddddd | fcvtnu v<d>.<F:z>, v<n>.<F:z>
0Q1011101z100001101010nnnnnddddd | fcvtpu v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001101110nnnnnddddd | fcvtms v<d>.<F:z>, v<n>.<F:z>
0Q0011101z100001101110nnnnnddddd | fcvtzs v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001101110nnnnnddddd | fcvtmu v<d>.<F:z>, v<n>.<F:z>
0Q1011101z100001101110nnnnnddddd | fcvtzu v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001110010nnnnnddddd | fcvtas v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001110010nnnnnddddd | fcvtau v<d>.<F:z>, v<n>.<F:z>
0Q0011100z100001110110nnnnnddddd | scvtf v<d>.<F:z>, v<n>.<F:z>
0Q0011101z100001110110nnnnnddddd | frecpe v<d>.<F:z>, v<n>.<F:z>
0Q1011100z100001110110nnnnnddddd | ucvtf v<d>.<F:z>, v<n>.<F:z>
0Q1011101z100001110110nnnnnddddd | frsqrte v<d>.<F:z>, v<n>.<F:z>
0Q1011101z100001111110nnnnnddddd | fsqrt v<d>.<F:z>, v<n>.<F:z>
0QU01110 0z10000 1111k 10nnnnnddddd | frint<k?32,64><U?z,x> v<d>.<F:z>, v<n>.<F:z>
0QU01110 101000011100 10nnnnnddddd | ur<U?ecp,sqrt>e v<d>.<Q?2s,4s>, v<n>.<Q?2s,4s>

// Two registers, half precision
0QU0111011111000110010nnnnnddddd | fcm<U?gt,ge> v<d>.<H:Q>, v<n>.<H:Q>, #0.0
0QU0111011111000110110nnnnnddddd | fcm<U?eq,le> v<d>.<H:Q>, v<n>.<H:Q>, #0.0
0Q00111011111000111010nnnnnddddd | fcmlt v<d>.<H:Q>, v<n>.<H:Q>, #0.0
0QU0111011111000111110nnnnnddddd | f<U?abs,neg> v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001100010nnnnnddddd | frintn v<d>.<H:Q>, v<n>.<H:Q>
0Q00111011111001100010nnnnnddddd | frintp v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001100010nnnnnddddd | frinta v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001100110nnnnnddddd | frintm v<d>.<H:Q>, v<n>.<H:Q>
0Q00111011111001100110nnnnnddddd | frintz v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001100110nnnnnddddd | frintx v<d>.<H:Q>, v<n>.<H:Q>
0Q10111011111001100110nnnnnddddd | frinti v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001101010nnnnnddddd | fcvtns v<d>.<H:Q>, v<n>.<H:Q>
0Q00111011111001101010nnnnnddddd | fcvtps v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001101010nnnnnddddd | fcvtnu v<d>.<H:Q>, v<n>.<H:Q>
0Q10111011111001101010nnnnnddddd | fcvtpu v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001101110nnnnnddddd | fcvtms v<d>.<H:Q>, v<n>.<H:Q>
0Q00111011111001101110nnnnnddddd | fcvtzs v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001101110nnnnnddddd | fcvtmu v<d>.<H:Q>, v<n>.<H:Q>
0Q10111011111001101110nnnnnddddd | fcvtzu v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001110010nnnnnddddd | fcvtas v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001110010nnnnnddddd | fcvtau v<d>.<H:Q>, v<n>.<H:Q>
0Q00111001111001110110nnnnnddddd | scvtf v<d>.<H:Q>, v<n>.<H:Q>
0Q00111011111001110110nnnnnddddd | frecpe v<d>.<H:Q>, v<n>.<H:Q>
0Q10111001111001110110nnnnnddddd | ucvtf v<d>.<H:Q>, v<n>.<H:Q>
0Q10111011111001110110nnnnnddddd | frsqrte v<d>.<H:Q>, v<n>.<H:Q>
0Q10111011111001111110nnnnnddddd | fsqrt v<d>.<H:Q>, v<n>.<H:Q>

// Across lanes
0QU01110zz110000001110nnnnnddddd | <U?s,u>addlv <Lwide:z><d>, v<n>.<across:z>
0QU01110zz11000k101010nnnnnddddd | <U?s,u><k?max,min>v <L:z><d>, v<n>.<across:z>
0Q001110zz110001101110nnnnnddddd | addv <L:z><d>, v<n>.<across:z>
0Q001110k0110000110010nnnnnddddd | f<k?max,min>nmv h<d>, v<n>.<H:Q>
01101110k0110000110010nnnnnddddd | f<k?max,min>nmv s<d>, v<n>.4s
0Q001110k0110000111110nnnnnddddd | f<k?max,min>v h<d>, v<n>.<H:Q>
01101110k0110000111110nnnnnddddd | f<k?max,min>v s<d>, v<n>.4s

// Three of different sizes
0QU01110zz1mmmmm000000nnnnnddddd | <U?s,u>addl<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm000100nnnnnddddd | <U?s,u>addw<Q?.,2> v<d>.<Twide:z>, v<n>.<Twide:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm001000nnnnnddddd | <U?s,u>subl<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm001100nnnnnddddd | <U?s,u>subw<Q?.,2> v<d>.<Twide:z>, v<n>.<Twide:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm01k000nnnnnddddd | <U?.,r><k?add,sub>hn<Q?.,2> v<d>.<T:z>, v<n>.<Twide:z>, v<m>.<Twide:z> ? z<3
0QU01110zz1mmmmm01k100nnnnnddddd | <U?s,u>ab<k?a,d>l<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0QU01110zz1mmmmm10k000nnnnnddddd | <U?s,u>ml<k?a,s>l<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0Q001110zz1mmmmm10k100nnnnnddddd | sqdml<k?a,s>l<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z>0 z<3
0QU01110zz1mmmmm110000nnnnnddddd | <U?s,u>mull<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z<3
0Q001110zz1mmmmm110100nnnnnddddd | sqdmull<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, v<m>.<T:z> ? z>0 z<3
0Q001110001mmmmm111000nnnnnddddd | pmull<Q?.,2> v<d>.8h, v<n>.<B:Q>, v<m>.<B:Q>
0Q001110111mmmmm111000nnnnnddddd | pmull<Q?.,2> v<d>.1q, v<n>.<Q?1d,2d>, v<m>.<Q?1d,2d>

// Copies
0Q001110000iiiii000001nnnnnddddd | dup v<d>.<elementArrangement:i>, v<n>.<element:i>
0Q001110000iiiii000011nnnnnddddd | dup v<d>.<elementArrangement:i>, <elementRegister:n>
0s001110000iiiii001011nnnnnddddd | smov <R:d>, v<n>.<elementSigned:i>
0s001110000iiiii001111nnnnnddddd | <elementMove:i> <R:d>, v<n>.<element:i>
01001110000iiiii000111nnnnnddddd | mov v<d>.<element:i>, <elementRegister:n>
01101110000iiiii0jjjj1nnnnnddddd | mov v<d>.<element:i>, v<n>.<elementFrom:j>
01011110000iiiii000001nnnnnddddd | mov <elementLetter:i><d>, v<n>.<element:i>

// Immediates: i is abcdefgh
0Q00111100000iii0cc001iiiiiddddd | movi v<d>.<Q?2s,4s>, <hex:i><lslBytes:c>
0Q10111100000iii0cc001iiiiiddddd | mvni v<d>.<Q?2s,4s>, <hex:i><lslBytes:c>
0Q00111100000iii0cc101iiiiiddddd | orr v<d>.<Q?2s,4s>, <hex:i><lslBytes:c>
0Q10111100000iii0cc101iiiiiddddd | bic v<d>.<Q?2s,4s>, <hex:i><lslBytes:c>
0Q00111100000iii10c001iiiiiddddd | movi v<d>.<H:Q>, <hex:i><lslBytes:c>
0Q10111100000iii10c001iiiiiddddd | mvni v<d>.<H:Q>, <hex:i><lslBytes:c>
0Q00111100000iii10c101iiiiiddddd | orr v<d>.<H:Q>, <hex:i><lslBytes:c>
0Q10111100000iii10c101iiiiiddddd | bic v<d>.<H:Q>, <hex:i><lslBytes:c>
0Q00111100000iii110c01iiiiiddddd | movi v<d>.<Q?2s,4s>, <hex:i>, msl #<c?8,16>
0Q10111100000iii110c01iiiiiddddd | mvni v<d>.<Q?2s,4s>, <hex:i>, msl #<c?8,16>
0Q00111100000iii111001iiiiiddddd | movi v<d>.<B:Q>, <hex:i>
0010111100000iii111001iiiiiddddd | movi d<d>, <byteMask:i>
0110111100000iii111001iiiiiddddd | movi v<d>.2d, <byteMask:i>
0Q00111100000iii111101iiiiiddddd | fmov v<d>.<Q?2s,4s>, <float8:i>
0Q00111100000iii111111iiiiiddddd | fmov v<d>.<H:Q>, <float8:i>
0110111100000iii111101iiiiiddddd | fmov v<d>.2d, <float8:i>

// Shifts by an immediate: h is immh, b immb
0QU011110hhhhbbb000001nnnnnddddd | <U?s,u>shr v<d>.<shiftT:h>, v<n>.<shiftT:h>, <right:h>
0QU011110hhhhbbb000101nnnnnddddd | <U?s,u>sra v<d>.<shiftT:h>, v<n>.<shiftT:h>, <right:h>
0QU011110hhhhbbb001001nnnnnddddd | <U?s,u>rshr v<d>.<shiftT:h>, v<n>.<shiftT:h>, <right:h>
0QU011110hhhhbbb001101nnnnnddddd | <U?s,u>rsra v<d>.<shiftT:h>, v<n>.<shiftT:h>, <right:h>
0Q1011110hhhhbbb010001nnnnnddddd | sri v<d>.<shiftT:h>, v<n>.<shiftT:h>, <right:h>
0QU011110hhhhbbb010101nnnnnddddd | <U?shl,sli> v<d>.<shiftT:h>, v<n>.<shiftT:h>, <left:h>
0Q1011110hhhhbbb011001nnnnnddddd | sqshlu v<d>.<shiftT:h>, v<n>.<shiftT:h>, <left:h>
0QU011110hhhhbbb011101nnnnnddddd | <U?s,u>qshl v<d>.<shiftT:h>, v<n>.<shiftT:h>, <left:h>
0QU011110hhhhbbb1000r1nnnnnddddd | <U?.,sq><r?.,r>shr<U?.,u>n<Q?.,2> v<d>.<shiftTnarrow:h>, v<n>.<shiftTwide:h>, <right:h>
0QU011110hhhhbbb1001r1nnnnnddddd | <U?s,u>q<r?.,r>shrn<Q?.,2> v<d>.<shiftTnarrow:h>, v<n>.<shiftTwide:h>, <right:h>
0QU0111100001000101001nnnnnddddd | <U?s,u>xtl<Q?.,2> v<d>.8h, v<n>.<B:Q>
0QU0111100010000101001nnnnnddddd | <U?s,u>xtl<Q?.,2> v<d>.4s, v<n>.<H:Q>
0QU0111100100000101001nnnnnddddd | <U?s,u>xtl<Q?.,2> v<d>.2d, v<n>.<Q?2s,4s>
0QU011110hhhhbbb101001nnnnnddddd | <U?s,u>shll<Q?.,2> v<d>.<shiftTwide:h>, v<n>.<shiftTnarrow:h>, <left:h>
0QU011110hhhhbbb111001nnnnnddddd | <U?s,u>cvtf v<d>.<fixedT:h>, v<n>.<fixedT:h>, <right:h>
0QU011110hhhhbbb111111nnnnnddddd | fcvtz<U?s,u> v<d>.<fixedT:h>, v<n>.<fixedT:h>, <right:h>

// By element
0Q101111zzLMmmmm0k00H0nnnnnddddd | ml<k?a,s> v<d>.<T:z>, v<n>.<T:z>, <by:m>
0Q001111zzLMmmmm1000H0nnnnnddddd | mul v<d>.<T:z>, v<n>.<T:z>, <by:m>
0QU01111zzLMmmmm0k10H0nnnnnddddd | <U?s,u>ml<k?a,s>l<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, <by:m>
0QU01111zzLMmmmm1010H0nnnnnddddd | <U?s,u>mull<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, <by:m>
0Q001111zzLMmmmm0k11H0nnnnnddddd | sqdml<k?a,s>l<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, <by:m>
0Q001111zzLMmmmm1011H0nnnnnddddd | sqdmull<Q?.,2> v<d>.<Twide:z>, v<n>.<T:z>, <by:m>
0Q001111zzLMmmmm110rH0nnnnnddddd | sq<r?.,r>dmulh v<d>.<T:z>, v<n>.<T:z>, <by:m>
0Q101111zzLMmmmm11k1H0nnnnnddddd | sqrdml<k?a,s>h v<d>.<T:z>, v<n>.<T:z>, <by:m>
0Q00111100LMmmmm0k01H0nnnnnddddd | fml<k?a,s> v<d>.<H:Q>, v<n>.<H:Q>, <byHalf:m>
0Q00111110LMmmmm0k01H0nnnnnddddd | fml<k?a,s> v<d>.<Q?2s,4s>, v<n>.<Q?2s,4s>, <byWord:m>
0100111111LMmmmm0k01H0nnnnnddddd | fml<k?a,s> v<d>.2d, v<n>.2d, <byDouble:m>
0QU0111100LMmmmm1001H0nnnnnddddd | fmul<U?.,x> v<d>.<H:Q>, v<n>.<H:Q>, <byHalf:m>
0QU0111110LMmmmm1001H0nnnnnddddd | fmul<U?.,x> v<d>.<Q?2s,4s>, v<n>.<Q?2s,4s>, <byWord:m>
01U0111111LMmmmm1001H0nnnnnddddd | fmul<U?.,x> v<d>.2d, v<n>.2d, <byDouble:m>
0QU0111110LMmmmm1110H0nnnnnddddd | <U?s,u>dot v<d>.<Q?2s,4s>, v<n>.<B:Q>, <byFour:m>
0Q00111100LMmmmm1111H0nnnnnddddd | sudot v<d>.<Q?2s,4s>, v<n>.<B:Q>, <byFour:m>
0Q00111110LMmmmm1111H0nnnnnddddd | usdot v<d>.<Q?2s,4s>, v<n>.<B:Q>, <byFour:m>
0Q00111101LMmmmm1111H0nnnnnddddd | bfdot v<d>.<Q?2s,4s>, v<n>.<H:Q>, <byTwoHalves:m>
0Q00111111LMmmmm1111H0nnnnnddddd | bfmlal<Q?b,t> v<d>.4s, v<n>.8h, <byHalf:m>
0Q00111110LMmmmm0k00H0nnnnnddddd | fml<k?a,s>l v<d>.<Q?2s,4s>, v<n>.<Q?2h,4h>, <byHalf:m>
0Q10111110LMmmmm1k00H0nnnnnddddd | fml<k?a,s>l2 v<d>.<Q?2s,4s>, v<n>.<Q?2h,4h>, <byHalf:m>
0Q101111zzLMmmmm0rr1H0nnnnnddddd | fcmla v<d>.<T:z>, v<n>.<T:z>, <complexBy:m>, <rotate:r> ? z>0 z<3

// Tables and permutations
0Q001110000mmmmm0ll000nnnnnddddd | tbl v<d>.<B:Q>, <tableList:n>, v<m>.<B:Q>
0Q001110000mmmmm0ll100nnnnnddddd | tbx v<d>.<B:Q>, <tableList:n>, v<m>.<B:Q>
0Q001110zz0mmmmm0kkk10nnnnnddddd | <k?-,uzp1,trn1,zip1,-,uzp2,trn2,zip2> v<d>.<T:z>, v<n>.<T:z>, v<m>.<T:z>
00101110000mmmmm00iii0nnnnnddddd | ext v<d>.8b, v<n>.8b, v<m>.8b, #<i>
01101110000mmmmm0iiii0nnnnnddddd | ext v<d>.16b, v<n>.16b, v<m>.16b, #<i>

// Cryptography
0100111000101000 01kk10nnnnnddddd | aes<k?e,d,mc,imc> v<d>.16b, v<n>.16b
01011110000mmmmm000000nnnnnddddd | sha1c q<d>, s<n>, v<m>.4s
01011110000mmmmm000100nnnnnddddd | sha1p q<d>, s<n>, v<m>.4s
01011110000mmmmm001000nnnnnddddd | sha1m q<d>, s<n>, v<m>.4s
01011110000mmmmm001100nnnnnddddd | sha1su0 v<d>.4s, v<n>.4s, v<m>.4s
01011110000mmmmm010k00nnnnnddddd | sha256h<k?.,2> q<d>, q<n>, v<m>.4s
01011110000mmmmm011000nnnnnddddd | sha256su1 v<d>.4s, v<n>.4s, v<m>.4s
0101111000101000000010nnnnnddddd | sha1h s<d>, s<n>
0101111000101000000110nnnnnddddd | sha1su1 v<d>.4s, v<n>.4s
0101111000101000001010nnnnnddddd | sha256su0 v<d>.4s, v<n>.4s
11001110000mmmmm0aaaaannnnnddddd | eor3 v<d>.16b, v<n>.16b, v<m>.16b, v<a>.16b
11001110001mmmmm0aaaaannnnnddddd | bcax v<d>.16b, v<n>.16b, v<m>.16b, v<a>.16b
11001110010mmmmm0aaaaannnnnddddd | sm3ss1 v<d>.4s, v<n>.4s, v<m>.4s, v<a>.4s
11001110010mmmmm10iikknnnnnddddd | sm3tt<k?1a,1b,2a,2b> v<d>.4s, v<n>.4s, v<m>.s[<i>]
11001110011mmmmm100000nnnnnddddd | sha512h q<d>, q<n>, v<m>.2d
11001110011mmmmm100001nnnnnddddd | sha512h2 q<d>, q<n>, v<m>.2d
11001110011mmmmm100010nnnnnddddd | sha512su1 v<d>.2d, v<n>.2d, v<m>.2d
11001110011mmmmm100011nnnnnddddd | rax1 v<d>.2d, v<n>.2d, v<m>.2d
11001110011mmmmm11000knnnnnddddd | sm3partw<k?1,2> v<d>.4s, v<n>.4s, v<m>.4s
11001110011mmmmm110010nnnnnddddd | sm4ekey v<d>.4s, v<n>.4s, v<m>.4s
11001110100mmmmmiiiiiinnnnnddddd | xar v<d>.2d, v<n>.2d, v<m>.2d, #<i>
1100111011000000100000nnnnnddddd | sha512su0 v<d>.2d, v<n>.2d
1100111011000000100001nnnnnddddd | sm4e v<d>.4s, v<n>.4s
`;

/** The same with single elements. */
export const scalarRows = `
// Three of the same
01U11110zz1mmmmm000011nnnnnddddd | <U?s,u>qadd <L:z><d>, <L:z><n>, <L:z><m>
01U11110zz1mmmmm001011nnnnnddddd | <U?s,u>qsub <L:z><d>, <L:z><n>, <L:z><m>
01U11110111mmmmm001101nnnnnddddd | cm<U?gt,hi> d<d>, d<n>, d<m>
01U11110111mmmmm001111nnnnnddddd | cm<U?ge,hs> d<d>, d<n>, d<m>
01U11110111mmmmm010001nnnnnddddd | <U?s,u>shl d<d>, d<n>, d<m>
01U11110zz1mmmmm010011nnnnnddddd | <U?s,u>qshl <L:z><d>, <L:z><n>, <L:z><m>
01U11110111mmmmm010101nnnnnddddd | <U?s,u>rshl d<d>, d<n>, d<m>
01U11110zz1mmmmm010111nnnnnddddd | <U?s,u>qrshl <L:z><d>, <L:z><n>, <L:z><m>
01U11110111mmmmm100001nnnnnddddd | <U?add,sub> d<d>, d<n>, d<m>
01U11110111mmmmm100011nnnnnddddd | cm<U?tst,eq> d<d>, d<n>, d<m>
01U11110zz1mmmmm101101nnnnnddddd | sq<U?.,r>dmulh <L:z><d>, <L:z><n>, <L:z><m> ? z>0 z<3
01111110zz0mmmmm1000k1nnnnnddddd | sqrdml<k?a,s>h <L:z><d>, <L:z><n>, <L:z><m> ? z>0 z<3
011111101z1mmmmm110101nnnnnddddd | fabd <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01111110110mmmmm000101nnnnnddddd | fabd h<d>, h<n>, h<m>
010111100z1mmmmm110111nnnnnddddd | fmulx <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01011110010mmmmm000111nnnnnddddd | fmulx h<d>, h<n>, h<m>
010111100z1mmmmm111001nnnnnddddd | fcmeq <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01011110010mmmmm001001nnnnnddddd | fcmeq h<d>, h<n>, h<m>
011111100z1mmmmm111001nnnnnddddd | fcmge <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01111110010mmmmm001001nnnnnddddd | fcmge h<d>, h<n>, h<m>
011111101z1mmmmm111001nnnnnddddd | fcmgt <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01111110110mmmmm001001nnnnnddddd | fcmgt h<d>, h<n>, h<m>
011111100z1mmmmm111011nnnnnddddd | facge <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01111110010mmmmm001011nnnnnddddd | facge h<d>, h<n>, h<m>
011111101z1mmmmm111011nnnnnddddd | facgt <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01111110110mmmmm001011nnnnnddddd | facgt h<d>, h<n>, h<m>
010111100z1mmmmm111111nnnnnddddd | frecps <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01011110010mmmmm001111nnnnnddddd | frecps h<d>, h<n>, h<m>
010111101z1mmmmm111111nnnnnddddd | frsqrts <z?s,d><d>, <z?s,d><n>, <z?s,d><m>
01011110110mmmmm001111nnnnnddddd | frsqrts h<d>, h<n>, h<m>

// Three of different sizes
01011110zz1mmmmm10k100nnnnnddddd | sqdml<k?a,s>l <Lwide:z><d>, <L:z><n>, <L:z><m> ? z>0 z<3
01011110zz1mmmmm110100nnnnnddddd | sqdmull <Lwide:z><d>, <L:z><n>, <L:z><m> ? z>0 z<3

// Two registers
01U11110zz100000001110nnnnnddddd | <U?su,us>qadd <L:z><d>, <L:z><n>
01U11110zz100000011110nnnnnddddd | sq<U?abs,neg> <L:z><d>, <L:z><n>
01U1111011100000100010nnnnnddddd | cm<U?gt,ge> d<d>, d<n>, #0
01U1111011100000100110nnnnnddddd | cm<U?eq,le> d<d>, d<n>, #0
0101111011100000101010nnnnnddddd | cmlt d<d>, d<n>, #0
01U1111011100000101110nnnnnddddd | <U?abs,neg> d<d>, d<n>
01111110zz100001001010nnnnnddddd | sqxtun <L:z><d>, <Lwide:z><n> ? z<3
01U11110zz100001010010nnnnnddddd | <U?s,u>qxtn <L:z><d>, <Lwide:z><n> ? z<3
0111111001100001011010nnnnnddddd | fcvtxn s<d>, d<n>
01U111101z100000110010nnnnnddddd | fcm<U?gt,ge> <z?s,d><d>, <z?s,d><n>, #0.0
01U111101z100000110110nnnnnddddd | fcm<U?eq,le> <z?s,d><d>, <z?s,d><n>, #0.0
010111101z100000111010nnnnnddddd | fcmlt <z?s,d><d>, <z?s,d><n>, #0.0
01U1111011111000110010nnnnnddddd | fcm<U?gt,ge> h<d>, h<n>, #0.0
01U1111011111000110110nnnnnddddd | fcm<U?eq,le> h<d>, h<n>, #0.0
0101111011111000111010nnnnnddddd | fcmlt h<d>, h<n>, #0.0
010111101z100001111110nnnnnddddd | frecpx <z?s,d><d>, <z?s,d><n>
0101111011111001111110nnnnnddddd | frecpx h<d>, h<n>
010111100z100001101010nnnnnddddd | fcvtns <z?s,d><d>, <z?s,d><n>
0101111001111001101010nnnnnddddd | fcvtns h<d>, h<n>
010111101z100001101010nnnnnddddd | fcvtps <z?s,d><d>, <z?s,d><n>
0101111011111001101010nnnnnddddd | fcvtps h<d>, h<n>
011111100z100001101010nnnnnddddd | fcvtnu <z?s,d><d>, <z?s,d><n>
0111111001111001101010nnnnnddddd | fcvtnu h<d>, h<n>
011111101z100001101010nnnnnddddd | fcvtpu <z?s,d><d>, <z?s,d><n>
0111111011111001101010nnnnnddddd | fcvtpu h<d>, h<n>
010111100z100001101110nnnnnddddd | fcvtms <z?s,d><d>, <z?s,d><n>
0101111001111001101110nnnnnddddd | fcvtms h<d>, h<n>
010111101z100001101110nnnnnddddd | fcvtzs <z?s,d><d>, <z?s,d><n>
0101111011111001101110nnnnnddddd | fcvtzs h<d>, h<n>
011111100z100001101110nnnnnddddd | fcvtmu <z?s,d><d>, <z?s,d><n>
0111111001111001101110nnnnnddddd | fcvtmu h<d>, h<n>
011111101z100001101110nnnnnddddd | fcvtzu <z?s,d><d>, <z?s,d><n>
0111111011111001101110nnnnnddddd | fcvtzu h<d>, h<n>
010111100z100001110010nnnnnddddd | fcvtas <z?s,d><d>, <z?s,d><n>
0101111001111001110010nnnnnddddd | fcvtas h<d>, h<n>
011111100z100001110010nnnnnddddd | fcvtau <z?s,d><d>, <z?s,d><n>
0111111001111001110010nnnnnddddd | fcvtau h<d>, h<n>
010111100z100001110110nnnnnddddd | scvtf <z?s,d><d>, <z?s,d><n>
0101111001111001110110nnnnnddddd | scvtf h<d>, h<n>
010111101z100001110110nnnnnddddd | frecpe <z?s,d><d>, <z?s,d><n>
0101111011111001110110nnnnnddddd | frecpe h<d>, h<n>
011111100z100001110110nnnnnddddd | ucvtf <z?s,d><d>, <z?s,d><n>
0111111001111001110110nnnnnddddd | ucvtf h<d>, h<n>
011111101z100001110110nnnnnddddd | frsqrte <z?s,d><d>, <z?s,d><n>
0111111011111001110110nnnnnddddd | frsqrte h<d>, h<n>

// Pairs
0101111011110001101110nnnnnddddd | addp d<d>, v<n>.2d
011111100z110000110010nnnnnddddd | fmaxnmp <z?s,d><d>, v<n>.<z?2s,2d>
0101111000110000110010nnnnnddddd | fmaxnmp h<d>, v<n>.2h
011111101z110000110010nnnnnddddd | fminnmp <z?s,d><d>, v<n>.<z?2s,2d>
0101111010110000110010nnnnnddddd | fminnmp h<d>, v<n>.2h
011111100z110000110110nnnnnddddd | faddp <z?s,d><d>, v<n>.<z?2s,2d>
0101111000110000110110nnnnnddddd | faddp h<d>, v<n>.2h
011111100z110000111110nnnnnddddd | fmaxp <z?s,d><d>, v<n>.<z?2s,2d>
0101111000110000111110nnnnnddddd | fmaxp h<d>, v<n>.2h
011111101z110000111110nnnnnddddd | fminp <z?s,d><d>, v<n>.<z?2s,2d>
0101111010110000111110nnnnnddddd | fminp h<d>, v<n>.2h

// Shifts by an immediate: of most only doublewords
01U1111101hhhbbb000001nnnnnddddd | <U?s,u>shr d<d>, d<n>, <rightDouble:h>
01U1111101hhhbbb000101nnnnnddddd | <U?s,u>sra d<d>, d<n>, <rightDouble:h>
01U1111101hhhbbb001001nnnnnddddd | <U?s,u>rshr d<d>, d<n>, <rightDouble:h>
01U1111101hhhbbb001101nnnnnddddd | <U?s,u>rsra d<d>, d<n>, <rightDouble:h>
0111111101hhhbbb010001nnnnnddddd | sri d<d>, d<n>, <rightDouble:h>
01U1111101hhhbbb010101nnnnnddddd | <U?shl,sli> d<d>, d<n>, <leftDouble:h>
011111110hhhhbbb011001nnnnnddddd | sqshlu <shiftL:h><d>, <shiftL:h><n>, <left:h>
01U111110hhhhbbb011101nnnnnddddd | <U?s,u>qshl <shiftL:h><d>, <shiftL:h><n>, <left:h>
011111110hhhhbbb1000r1nnnnnddddd | sq<r?.,r>shrun <shiftL:h><d>, <shiftLwide:h><n>, <right:h>
01U111110hhhhbbb1001r1nnnnnddddd | <U?s,u>q<r?.,r>shrn <shiftL:h><d>, <shiftLwide:h><n>, <right:h>
01U111110hhhhbbb111001nnnnnddddd | <U?s,u>cvtf <fixedL:h><d>, <fixedL:h><n>, <right:h>
01U111110hhhhbbb111111nnnnnddddd | fcvtz<U?s,u> <fixedL:h><d>, <fixedL:h><n>, <right:h>

// By element
01011111zzLMmmmm0k11H0nnnnnddddd | sqdml<k?a,s>l <Lwide:z><d>, <L:z><n>, <by:m>
01011111zzLMmmmm1011H0nnnnnddddd | sqdmull <Lwide:z><d>, <L:z><n>, <by:m>
01011111zzLMmmmm110rH0nnnnnddddd | sq<r?.,r>dmulh <L:z><d>, <L:z><n>, <by:m>
01111111zzLMmmmm11k1H0nnnnnddddd | sqrdml<k?a,s>h <L:z><d>, <L:z><n>, <by:m>
0101111100LMmmmm0k01H0nnnnnddddd | fml<k?a,s> h<d>, h<n>, <byHalf:m>
0101111110LMmmmm0k01H0nnnnnddddd | fml<k?a,s> s<d>, s<n>, <byWord:m>
0101111111LMmmmm0k01H0nnnnnddddd | fml<k?a,s> d<d>, d<n>, <byDouble:m>
01U1111100LMmmmm1001H0nnnnnddddd | fmul<U?.,x> h<d>, h<n>, <byHalf:m>
01U1111110LMmmmm1001H0nnnnnddddd | fmul<U?.,x> s<d>, s<n>, <byWord:m>
01U1111111LMmmmm1001H0nnnnnddddd | fmul<U?.,x> d<d>, d<n>, <byDouble:m>
`;
