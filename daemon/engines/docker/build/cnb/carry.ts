import { createHash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { extract, type Header, type Pack } from 'tar-stream';
import { refuseLarge } from '../../../build/slug-limit.js';
import { movedBelow, parentOf, type Part } from '../steps/archives.js';

/** Weighs what is carried into an image, and tells two contents of it apart. */
export class Meter {
  private readonly hash = createHash('sha256');
  bytes = 0;

  /** Of a slug, in bytes; `before` are in it already. */
  constructor(
    private readonly limit: number,
    private readonly before = 0,
  ) {}

  /** Times are no part of a content: what is restored and built anew has others. */
  begin({ name, type, mode, uid, gid, size, linkname }: Header): void {
    this.hash.update(JSON.stringify([name, type, mode, uid, gid, size, linkname]));
    this.bytes += size;
    refuseLarge(this.before + this.bytes, this.limit);
  }

  through(): Transform {
    const { hash } = this;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
  }

  /** Hex; of all that was carried. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }
}

/** What another container has at an absolute path, with all below, at the same place; owners and modes stay. */
export function carried(path: string, read: (path: string) => Promise<Readable>, meter: Meter): Part {
  const to = parentOf(path.slice(1));
  return async (target) => {
    const entries = extract();
    const reading = flow(await read(path), entries);
    const writing = async () => {
      for await (const entry of entries) {
        await carry(movedBelow(to, entry.header), entry as unknown as Readable, { target, meter });
        entry.resume();
      }
    };
    await Promise.all([reading, writing()]);
  };
}

async function carry(
  header: Header,
  content: Readable,
  { target, meter }: { readonly target: Pack; readonly meter: Meter },
): Promise<void> {
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      meter.begin(header);
      return flow(content, meter.through(), target.entry(header));
    case 'directory':
    case 'symlink':
    case 'link':
      meter.begin({ ...header, size: 0 });
      return add(target, header);
    // Devices and sockets cannot be in a slug.
    default:
      return;
  }
}

/** Symbolic links, name → target, of root. */
export function links(targets: Readonly<Record<string, string>>, now: number): Part {
  return async (target) => {
    for (const [name, linkname] of Object.entries(targets))
      await add(target, { name, linkname, type: 'symlink', mode: 0o777, mtime: new Date(now) });
  };
}

/** The same part, whose entries belong to another user. */
export const ownedBy =
  (owner: { readonly uid: number; readonly gid: number }, part: Part): Part =>
  (archive) => {
    const { uid, gid } = owner;
    const entry = (header: Header, content?: string | Buffer, done?: () => void) =>
      content === undefined
        ? archive.entry({ ...header, uid, gid })
        : archive.entry({ ...header, uid, gid }, content, done);
    return part({ entry } as unknown as Pack);
  };

function add(target: Pack, header: Partial<Header> & { readonly name: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    target.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}
