/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF objects, inside the program, so that it is one file. */
	.section .rodata
	.global cast_object, cast_object_end, plain_object, plain_object_end
	.balign 8
cast_object:
	.incbin "cast.bpf.o"
cast_object_end:
	.balign 8
plain_object:
	.incbin "plain.bpf.o"
plain_object_end:
	.section .note.GNU-stack, "", %progbits
