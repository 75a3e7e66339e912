/** Makes tar archives block by block, also such as no honest tool would write. */

export interface RawEntry {
  readonly name: string | Buffer;
  /** The typeflag: 0 file, 1 hard link, 2 symbolic link, 5 folder, x PAX records. */
  readonly type?: string;
  readonly linkname?: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  /** Added to the right checksum. */
  readonly checksum?: number;
}

/** The end mark: two blocks of zeros. */
export const END = Buffer.alloc(1024);

export function entry({
  name,
  type = '0',
  linkname = '',
  content = '',
  mode = 0o644,
  checksum = 0,
}: RawEntry): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write('0030071\0', 108);
  header.write('0030071\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(type, 156);
  header.write(linkname, 157, 100);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0) + checksum;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** Extended records for the entry behind it. */
export function pax(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const bytes = Buffer.byteLength(rest);
    let length = bytes + String(bytes).length;
    while (bytes + String(length).length !== length) length++;
    return `${length}${rest}`;
  });
  return entry({ name: 'PaxHeader', type: 'x', content: lines.join('') });
}

export const tar = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, END]);
