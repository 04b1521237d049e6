/** The few instructions of SVE by which a kernel saves and restores its registers (arch/arm64/include/asm/fpsimdmacros.h). Grammar: ../row.ts. */
export const scalableRows = `
1000010110iiiiii010iiinnnnnttttt | ldr z<t>, [<XS:n><mulVl:i>]
1110010110iiiiii010iiinnnnnttttt | str z<t>, [<XS:n><mulVl:i>]
1000010110iiiiii000iiinnnnn0tttt | ldr p<t>, [<XS:n><mulVl:i>]
1110010110iiiiii000iiinnnnn0tttt | str p<t>, [<XS:n><mulVl:i>]
0010010100011001111100000000dddd | rdffr p<d>.b
00100101001010001001000nnnn00000 | wrffr p<n>.b
0010010100011000111001000000dddd | pfalse p<d>.b
000001001011111101010iiiiiiddddd | rdvl <X:d>, <decSigned:i>
`;
