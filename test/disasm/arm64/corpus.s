// Instructions that kernels have and compilers do not make: system registers and operations, barriers, exceptions, pointer authentication, exclusives, user
// accesses, tags. And every alias at the border of what it stands for.
	mrs x0, sp_el0
	mrs x1, esr_el1
	mrs x2, far_el1
	mrs x3, tpidr_el1
	mrs x4, daif
	mrs x5, cntvct_el0
	mrs x6, midr_el1
	mrs x7, id_aa64mmfr2_el1
	mrs x8, ctr_el0
	mrs x9, s3_1_c15_c2_0
	mrs x10, ich_lr7_el2
	mrs x11, dbgbvr15_el1
	mrs x12, pmevcntr30_el0
	mrs x13, fpcr
	msr vbar_el1, x0
	msr ttbr1_el1, x1
	msr tcr_el1, xzr
	msr elr_el1, x22
	msr spsr_el1, x23
	msr s3_0_c15_c1_0, x1
	msr daifset, #15
	msr daifclr, #2
	msr spsel, #1
	msr pan, #1
	msr uao, #0
	isb
	isb #3
	dsb sy
	dsb ishst
	dsb nshld
	dmb ish
	dmb oshld
	dmb #4
	clrex
	clrex #2
	sb
	ssbb
	pssbb
	csdb
	esb
	hint #17
	nop
	yield
	wfe
	wfi
	sev
	sevl
	hint #6
	hint #99
	bti
	bti c
	bti j
	bti jc
	paciasp
	autiasp
	pacibz
	xpaclri
	pacia x0, x1
	pacdzb x2
	autia x3, sp
	autizb x4
	xpaci x30
	pacga x0, x1, sp
	braa x1, sp
	brabz x2
	blraa x3, x4
	blraaz x5
	retaa
	eretab
	ldraa x0, [x1, #-4096]
	ldrab x2, [x3, #4088]!
	dc civac, x0
	dc zva, x1
	dc cvau, x2
	ic iallu
	ic ivau, x3
	at s1e1r, x4
	at s12e0w, x5
	tlbi vmalle1is
	tlbi vale1is, x6
	tlbi aside1, x7
	tlbi ipas2e1is, x8
	sys #3, c7, c15, #6, x9
	sysl x10, #1, c0, c1, #2
	svc #0
	hvc #1
	smc #65535
	brk #0x800
	hlt #0xf000
	dcps1
	dcps3 #9
	eret
	drps
	br x16
	blr x17
	ret
	ret x1
	udf #7
here:	b here
	bl here
	b.eq here
	b.hs here
	b.lo here
	b.al here
	b.nv here
	cbz w0, here
	cbnz x1, here
	tbz w2, #31, here
	tbnz x3, #63, here
	adr x0, here
	adrp x1, here
	ldr x2, here
	ldrsw x3, here
	ldr q4, here
	prfm pldl1strm, here
	ldtr x0, [x1, #-256]
	ldtrsb w2, [x3, #255]
	sttrh w4, [x5]
	ldxr w0, [x1]
	stxrb w2, w3, [sp]
	ldaxp x4, x5, [x6]
	stlxp w7, x8, x9, [x10]
	ldar x0, [x1]
	stlrh w2, [x3]
	ldlarb w4, [x5]
	stllr x6, [x7]
	ldapr x8, [x9]
	ldapurb w10, [x11, #-3]
	stlur x12, [x13, #7]
	ldapursw x14, [x15]
	cas w0, w1, [x2]
	casalb w3, w4, [x5]
	caspa x6, x7, x8, x9, [x10]
	ldaddal x0, x1, [x2]
	stclrlh w3, [x4]
	ldsmaxa w5, w6, [x7]
	stumin x8, [x9]
	swplb w10, w11, [x12]
	prfm pstl3keep, [x0, #32760]
	prfm #30, [x1]
	prfm plil2strm, [x2, w3, uxtw #3]
	prfum pldl1keep, [x4, #-1]
	ldnp x0, x1, [x2, #-512]
	stnp q3, q4, [x5, #1008]
	ldpsw x0, x1, [x2], #-256
	stp wzr, w1, [sp, #-16]!
	ldr b0, [x1, #4095]
	str h2, [x3], #-1
	ldr s4, [x5, w6, sxtw #2]
	str d7, [x8, x9, sxtx]
	ldr q10, [x11, x12, lsl #4]
	ldrb w0, [x1, x2, lsl #0]
	ldrsh x3, [x4, w5, uxtw]
	irg x0, x1
	irg sp, x2, x3
	gmi x4, sp, x5
	addg x6, sp, #1008, #15
	subg sp, x7, #0, #0
	subp x8, x9, x10
	cmpp x11, sp
	stg x0, [x1, #-4096]
	stz2g sp, [x2], #4080
	st2g x3, [x4, #16]!
	stgp x5, x6, [x7, #-1024]
	ldg x8, [x9]
	mov x0, #0
	mov x1, #-1
	mov w2, #-1
	mov w3, #0xffff0000
	movn w4, #0xffff, lsl #16
	movz x5, #0, lsl #48
	mov x6, #0xffff0000ffff
	orr x7, xzr, #0xffff0000
	mov w8, #0x55555555
	mov sp, x9
	mov w10, wsp
	mov x11, x12
	add x0, sp, #0
	add x1, x2, #4095, lsl #12
	cmn w3, #1
	cmp sp, x4, uxtx #3
	cmp w5, w6, uxtb
	add x0, sp, x1, lsl #4
	add sp, x0, w1, uxtw
	subs x2, x3, w4, sxth #4
	neg x0, x1, asr #7
	negs w2, w3
	ngc x4, x5
	mvn w6, w7, ror #31
	orn x8, x9, x10
	tst x0, #0x8000000000000000
	tst w1, w2, lsl #3
	ands xzr, x3, x4
	lsl x0, x1, #63
	lsl w2, w3, #1
	lsr w4, w5, #31
	asr x6, x7, #1
	ror x8, x9, #60
	ror w10, w11, w12
	ubfx x0, x1, #3, #61
	ubfiz w2, w3, #31, #1
	sbfx x4, x5, #0, #33
	sbfiz x6, x7, #4, #8
	bfi w8, w9, #0, #32
	bfc x10, #5, #7
	bfxil x11, x12, #2, #3
	sxtb x0, w1
	sxtw x2, w3
	uxth w4, w5
	cset w0, vs
	csetm x1, gt
	cinc w2, w3, le
	cinv x4, x5, mi
	cneg w6, w7, pl
	csinc x8, xzr, xzr, al
	ccmp x9, #31, #15, hi
	ccmn w10, w11, #0, cc
	rmif x0, #63, #9
	setf8 w1
	cfinv
	axflag
	smull x0, w1, w2
	umnegl x3, w4, w5
	smulh x6, x7, x8
	mneg w9, w10, w11
	crc32cx w12, w13, x14
	fmov x0, v1.d[1]
	fmov v2.d[1], x3
	fmov h4, w5
	fmov d6, #-31.0
	fmov v7.4s, #0.125
	fcmpe s8, #0.0
	fccmp d9, d10, #5, ge
	fcsel h11, h12, h13, lt
	fjcvtzs w14, d15
	frint64z d16, d17
	ucvtf d18, x19, #64
	fcvtzs w20, s21, #1
	movi v0.16b, #255
	movi v1.2d, #0xff0000ffff00ff
	movi d2, #0
	mvni v3.4s, #17, msl #16
	bic v4.8h, #3, lsl #8
	fmov v5.2d, #1.0
	mov v6.b[15], w7
	mov v8.s[1], v9.s[3]
	mov x10, v11.d[0]
	umov w12, v13.h[7]
	smov x14, v15.s[2]
	dup v16.2d, x17
	mov s18, v19.s[3]
	sqdmlal2 v20.4s, v21.8h, v15.h[7]
	fmla v23.2d, v24.2d, v25.d[1]
	fcmla v26.4s, v27.4s, v28.s[1], #270
	fcadd v29.2s, v30.2s, v31.2s, #90
	sdot v0.4s, v1.16b, v2.4b[3]
	usmmla v3.4s, v4.16b, v5.16b
	bfmlalt v6.4s, v7.8h, v8.8h
	sqrdmlah v9.4h, v10.4h, v11.4h
	eor3 v12.16b, v13.16b, v14.16b, v15.16b
	xar v16.2d, v17.2d, v18.2d, #63
	sha512h2 q19, q20, v21.2d
	sm3tt2b v22.4s, v23.4s, v24.s[3]
	sm4e v25.4s, v26.4s
	tbl v27.8b, {v30.16b, v31.16b, v0.16b, v1.16b}, v2.8b
	ld1 {v31.2d, v0.2d}, [x0], #32
	st3 {v1.b, v2.b, v3.b}[15], [x4], x5
	ld4r {v6.1d, v7.1d, v8.1d, v9.1d}, [x10], #32
	shll2 v11.8h, v12.16b, #8
	sxtl v13.2d, v14.2s
	uqrshrn2 v15.4s, v16.2d, #32
	fcvtxn2 v17.4s, v18.2d
	faddp d19, v20.2d
	addp d21, v22.2d
	uaddlv d23, v24.4s
	fmaxnmv s25, v26.4s
	sqshlu b27, b28, #7
	scvtf h29, h30, #16
	.arch_extension sve
	ldr z0, [x0, #-256, mul vl]
	str z31, [sp, #255, mul vl]
	ldr p15, [x1]
	str p7, [x2, #-1, mul vl]
	rdffr p3.b
	wrffr p14.b
	pfalse p9.b
	rdvl x4, #-32
	rdvl x5, #31
