/**
 * Operations that SYS stands for (Arm ARM, C5.3 to C5.7): mnemonic, op1, CRn and CRm, then the names for op2 from 0 on; `-` where there is none, `!` behind
 * those that take no register.
 */
export const systemOperationRows = `
ic 0 7 1 | ialluis!
ic 0 7 5 | iallu!
dc 0 7 6 | - ivac isw igvac igsw igdvac igdsw
at 0 7 8 | s1e1r s1e1w s1e0r s1e0w
at 0 7 9 | s1e1rp s1e1wp
dc 0 7 10 | - - csw - cgsw - cgdsw
dc 0 7 14 | - - cisw - cigsw - cigdsw
tlbi 0 8 1 | vmalle1os! vae1os aside1os vaae1os - vale1os - vaale1os
tlbi 0 8 2 | - rvae1is - rvaae1is - rvale1is - rvaale1is
tlbi 0 8 3 | vmalle1is! vae1is aside1is vaae1is - vale1is - vaale1is
tlbi 0 8 5 | - rvae1os - rvaae1os - rvale1os - rvaale1os
tlbi 0 8 6 | - rvae1 - rvaae1 - rvale1 - rvaale1
tlbi 0 8 7 | vmalle1! vae1 aside1 vaae1 - vale1 - vaale1
cfp 3 7 3 | - - - - rctx
dvp 3 7 3 | - - - - - rctx
cpp 3 7 3 | - - - - - - - rctx
dc 3 7 4 | - zva - gva gzva
ic 3 7 5 | - ivau
dc 3 7 10 | - cvac - cgvac - cgdvac
dc 3 7 11 | - cvau
dc 3 7 12 | - cvap - cgvap - cgdvap
dc 3 7 13 | - cvadp - cgvadp - cgdvadp
dc 3 7 14 | - civac - cigvac - cigdvac
at 4 7 8 | s1e2r s1e2w - - s12e1r s12e1w s12e0r s12e0w
tlbi 4 8 0 | - ipas2e1is ripas2e1is - - ipas2le1is ripas2le1is
tlbi 4 8 1 | alle2os! vae2os - - alle1os! vale2os vmalls12e1os!
tlbi 4 8 2 | - rvae2is - - - rvale2is
tlbi 4 8 3 | alle2is! vae2is - - alle1is! vale2is vmalls12e1is!
tlbi 4 8 4 | ipas2e1os ipas2e1 ripas2e1 ripas2e1os ipas2le1os ipas2le1 ripas2le1 ripas2le1os
tlbi 4 8 5 | - rvae2os - - - rvale2os
tlbi 4 8 6 | - rvae2 - - - rvale2
tlbi 4 8 7 | alle2! vae2 - - alle1! vale2 vmalls12e1!
at 6 7 8 | s1e3r s1e3w
dc 6 7 14 | - cipapa - - - cigdpapa
tlbi 6 8 1 | alle3os! vae3os - - paallos! vale3os
tlbi 6 8 2 | - rvae3is - - - rvale3is
tlbi 6 8 3 | alle3is! vae3is - - - vale3is
tlbi 6 8 4 | - - - rpaos - - - rpalos
tlbi 6 8 5 | - rvae3os - - - rvale3os
tlbi 6 8 6 | - rvae3 - - - rvale3
tlbi 6 8 7 | alle3! vae3 - - paall! vale3
`;
