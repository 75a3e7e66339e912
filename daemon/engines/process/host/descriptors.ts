import { readdir, readFile } from 'node:fs/promises';

const CLOSE_ON_EXEC = 0o2000000;

/**
 * The descriptors beyond stdio which this process was itself given by whoever started it, and which would go on to its
 * children: Node's own are all closed on exec. Empty without /proc.
 */
export async function inheritedDescriptors(proc = '/proc/self'): Promise<number[]> {
  const names = await readdir(`${proc}/fd`).catch(() => []);
  const inherited: number[] = [];
  for (const fd of names.map(Number).filter((number) => number > 2)) {
    const text = await readFile(`${proc}/fdinfo/${fd}`, 'utf8').catch(() => '');
    const flags = /^flags:\s+([0-7]+)$/m.exec(text)?.[1];
    if (flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) inherited.push(fd);
  }
  return inherited;
}
