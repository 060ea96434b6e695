/** Makes the files beside it: `node test/scap/compressed/make.ts`. It takes lz4 and bzip2, which tests do without. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { call, cat, EPOCH, EVENT, i64, machine, processes, section, u32 } from '../scap-writer.ts';

/** Long enough for several blocks of the smallest sizes: 64 KiB in lz4, 100,000 bytes in bzip2. */
const READS = 1_000;
const ZEROS = 1 << 30;

const words = (i: number) => Buffer.from(`${i % 97} ${'ab'.repeat(i % 150)}`);
const reads = Array.from({ length: READS }, (_, i) =>
  call(EVENT.READ, 10, EPOCH + BigInt(i) * 1000n, [i64(3), u32(100)], [i64(words(i).length), words(i)]),
);
const file = cat(section(), machine('node-1'), processes(9, [{ tid: 10 }]), ...reads);

const by = (command: string, args: readonly string[], input: Buffer) => execFileSync(command, args, { input, maxBuffer: 1 << 28 });
const save = (name: string, bytes: Buffer) => writeFileSync(new URL(name, import.meta.url), bytes);

save('reads.scap.gz', gzipSync(file, { level: 9 }));
save('reads.scap.lz4', by('lz4', ['-9', '-c'], file));
save('reads.linked.scap.lz4', by('lz4', ['-9', '-B4', '-BD', '-c'], file));
save('reads.checked.scap.lz4', by('lz4', ['-9', '-B4', '-BX', '--no-frame-crc', '-c'], file));
save('reads.scap.bz2', by('bzip2', ['-9', '-c'], file));
save('reads.blocks.scap.bz2', by('bzip2', ['-1', '-c'], file));
save('zeros.bz2', by('sh', ['-c', `head -c ${ZEROS} /dev/zero | bzip2 -9`], Buffer.alloc(0)));
