/**
 * What io_uring can be asked for, by the number of the operation: which system call it stands for, and where that call's arguments are in
 * the submission. An operation is an event of its call with EventFlag.IO_URING. The probe's table is generated from these lines.
 */

/** Members of struct io_uring_sqe, by their offset and their width in bytes. */
const MEMBERS = {
  fd: [4, 4],
  off: [8, 8],
  addr: [16, 8],
  len: [24, 4],
  flags: [28, 4],
  file: [44, 4],
} as const;

export type SubmissionMember = keyof typeof MEMBERS;

export interface RingOperation {
  readonly op: number;
  /** Name in src/model/calls.ts. */
  readonly call: string;
  /** By the call's arguments; null: it has no such argument here. */
  readonly args: readonly (SubmissionMember | null)[];
  /** The bit of the submission's ioprio by which one is answered many times; `always`: each is. */
  readonly multishot: number | 'always' | null;
}

function operation(
  op: number,
  call: string,
  args: readonly (SubmissionMember | null)[],
  multishot: RingOperation['multishot'] = null,
): RingOperation {
  return { op, call, args, multishot };
}

const bytes = ['fd', 'addr', 'len'] as const;
const message = ['fd', 'addr'] as const;
const datagram = ['fd', 'addr', 'len', 'flags', 'off'] as const;

/** Splices, polls, timeouts and commands of drivers are not among them. */
// biome-ignore format: a table
export const RING_OPERATIONS: readonly RingOperation[] = [
  operation(1, 'readv', bytes),
  operation(2, 'writev', bytes),
  operation(3, 'fsync', ['fd']),
  operation(4, 'read', bytes), // READ_FIXED
  operation(5, 'write', bytes), // WRITE_FIXED
  operation(8, 'sync_file_range', ['fd']),
  operation(9, 'sendmsg', message),
  operation(10, 'recvmsg', message, 2),
  operation(13, 'accept4', ['fd', 'addr', 'off', 'flags'], 1),
  operation(16, 'connect', ['fd', 'addr', 'off']),
  operation(17, 'fallocate', ['fd', 'len', 'off', 'addr']),
  operation(18, 'openat', ['fd', 'addr', 'flags', 'len']),
  operation(19, 'close', ['fd']),
  operation(21, 'statx', ['fd', 'addr']),
  operation(22, 'read', bytes),
  operation(23, 'write', bytes),
  operation(26, 'sendto', datagram),
  operation(27, 'recvfrom', bytes, 2),
  operation(28, 'openat2', ['fd', 'addr']),
  operation(34, 'shutdown', ['fd', 'len']),
  operation(35, 'renameat2', ['fd', 'addr', 'len', 'off', 'flags']),
  operation(36, 'unlinkat', ['fd', 'addr', 'flags']),
  operation(37, 'mkdirat', ['fd', 'addr', 'len']),
  operation(38, 'symlinkat', ['addr', 'fd', 'off']),
  operation(39, 'linkat', ['fd', 'addr', 'len', 'off', 'flags']),
  operation(45, 'socket', ['fd', 'off', 'len']),
  operation(47, 'sendto', datagram), // SEND_ZC
  operation(48, 'sendmsg', message), // SENDMSG_ZC
  operation(49, 'read', bytes, 'always'), // READ_MULTISHOT
  operation(55, 'ftruncate', ['fd', 'off']),
  operation(56, 'bind', ['fd', 'addr', 'off']),
  operation(57, 'listen', ['fd', 'len']),
];

/** A member as one byte: its offset, and 1 for one of four bytes, which share their word; 0: none. */
export function memberByte(member: SubmissionMember | null): number {
  if (member === null) return 0;
  const [offset, width] = MEMBERS[member];
  return offset | (width === 4 ? 1 : 0);
}
