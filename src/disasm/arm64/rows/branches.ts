/** Branches and exceptions (C4.1.94). Grammar: ../row.ts. The system instructions are in ../system.ts. */
export const branchRows = `
01010100iiiiiiiiiiiiiiiiiii0cccc | b.<cond:c> <branch:i><branchNote:c>
01010100iiiiiiiiiiiiiiiiiii1cccc | bc.<cond:c> <branch:i><consistentBranchNote:c>
000101iiiiiiiiiiiiiiiiiiiiiiiiii | b <branch:i>
100101iiiiiiiiiiiiiiiiiiiiiiiiii | bl <branch:i>
s011010kiiiiiiiiiiiiiiiiiiittttt | cb<k?.,n>z <R:t>, <branch:i>
s011011kjjjjjiiiiiiiiiiiiiittttt | tb<k?.,n>z <R:t>, <bit:j>, <branch:i>

11010100000iiiiiiiiiiiiiiii00001 | svc <hex:i>
11010100000iiiiiiiiiiiiiiii00010 | hvc <hex:i>
11010100000iiiiiiiiiiiiiiii00011 | smc <hex:i>
11010100001iiiiiiiiiiiiiiii00000 | brk <hex:i>
11010100010iiiiiiiiiiiiiiii00000 | hlt <hex:i>
11010100011iiiiiiiiiiiiiiii00000 | tcancel #<i>
11010100101000000000000000000001 | dcps1
11010100101000000000000000000010 | dcps2
11010100101000000000000000000011 | dcps3
11010100101iiiiiiiiiiiiiiii000kk | dcps<k> <hex:i> ? k>0
0000000000000000iiiiiiiiiiiiiiii | udf #<i>

1101011000011111000000nnnnn00000 | br <X:n>
1101011000111111000000nnnnn00000 | blr <X:n>
11010110010111110000001111000000 | ret
1101011001011111000000nnnnn00000 | ret <X:n>
11010110100111110000001111100000 | eret
11010110101111110000001111100000 | drps
11010110000111110000 1knnnnn11111 | bra<k?a,b>z <X:n>
11010110001111110000 1knnnnn11111 | blra<k?a,b>z <X:n>
1101011001011111000 01k1111111111 | reta<k?a,b>
1101011010011111000 01k1111111111 | ereta<k?a,b>
11010111000111110000 1knnnnnmmmmm | bra<k?a,b> <X:n>, <XS:m>
11010111001111110000 1knnnnnmmmmm | blra<k?a,b> <X:n>, <XS:m>
`;
