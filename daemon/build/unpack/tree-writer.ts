import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { refuseEscapingLinks } from './links.js';
import { componentsOf, linkTarget } from './names.js';
import { Refusal, quoted } from './refusal.js';

/** An entry as tar-stream hands it out; it leaves `linkname` null and `type` null at times, against its types. */
export interface ArchiveEntry extends AsyncIterable<Buffer> {
  readonly header: EntryHeader;
}

interface EntryHeader {
  readonly name: string;
  readonly type: string | null;
  readonly linkname: string | null;
  readonly mode: number;
  readonly pax?: unknown;
}

interface Node {
  readonly type: 'file' | 'folder' | 'link';
  readonly target?: string;
}

/**
 * Writes the entries of one archive below a fresh folder. Every parent is a folder that this writer made itself, so no link
 * is ever followed; synchronous, as the program does nothing else.
 */
export class TreeWriter {
  private readonly nodes = new Map<string, Node>();
  private copied = 0;

  constructor(
    private readonly root: string,
    private readonly maxBytes: number,
  ) {}

  async write(entry: ArchiveEntry): Promise<void> {
    const { header } = entry;
    refuseRecords(header);
    const components = componentsOf(header.name);
    const path = components.join('/');
    this.makeParents(components, header.name);
    const target = header.linkname ?? '';
    if (header.type === 'file') await this.writeFile(path, header, entry);
    else if (header.type === 'directory') this.makeFolder(path);
    else if (header.type === 'symlink') this.makeLink(path, linkTarget(target, header.name));
    else if (header.type === 'link') this.copyFile(path, componentsOf(target).join('/'), header);
    else throw new Refusal(`${quoted(header.name)} is neither a file, a folder nor a link`);
  }

  /** Call after the last entry: some links can only be judged when all are known. Answers the number of files. */
  finish(): number {
    refuseEscapingLinks(this.nodes);
    return [...this.nodes.values()].filter((node) => node.type === 'file').length;
  }

  private makeParents(components: readonly string[], name: string): void {
    for (let depth = 1; depth < components.length; depth++) {
      const parent = components.slice(0, depth).join('/');
      const node = this.nodes.get(parent);
      if (node === undefined) this.makeFolder(parent);
      else if (node.type !== 'folder')
        throw new Refusal(`${quoted(name)} lies below ${quoted(parent)}, a ${node.type}`);
    }
  }

  private makeFolder(path: string): void {
    if (path === '' || this.claim(path, { type: 'folder' })) return;
    this.create(path, () => mkdirSync(join(this.root, path), 0o755));
  }

  private makeLink(path: string, target: string): void {
    if (this.claim(path, { type: 'link', target })) rmSync(join(this.root, path));
    this.create(path, () => symlinkSync(target, join(this.root, path)));
  }

  /** A second name for a file becomes a file of its own: nothing later can then change both. */
  private copyFile(path: string, target: string, header: EntryHeader): void {
    if (this.nodes.get(target)?.type !== 'file') {
      throw new Refusal(
        `${quoted(header.name)} is a hard link to ${quoted(target)}, which is no file before it`,
      );
    }
    if (path === target) return;
    this.copied += statSync(join(this.root, target)).size;
    if (this.copied > this.maxBytes) throw new Refusal('its hard links unpack to more than the limit');
    if (this.claim(path, { type: 'file' })) rmSync(join(this.root, path));
    this.create(path, () => copyFileSync(join(this.root, target), join(this.root, path)));
  }

  private async writeFile(path: string, header: EntryHeader, content: AsyncIterable<Buffer>): Promise<void> {
    if (this.claim(path, { type: 'file' })) rmSync(join(this.root, path));
    const mode = (header.mode & 0o111) === 0 ? 0o644 : 0o755;
    const file = this.create(path, () => openSync(join(this.root, path), 'wx', mode));
    try {
      for await (const chunk of content) {
        for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
      }
    } finally {
      closeSync(file);
    }
  }

  /** Takes a name. True when it was taken before by the same kind of entry: then the last one counts. */
  private claim(path: string, node: Node): boolean {
    if (path === '') throw new Refusal('the source itself is packed as something else than a folder');
    const earlier = this.nodes.get(path);
    if (earlier !== undefined && earlier.type !== node.type) {
      throw new Refusal(`${quoted(path)} is in it twice: as a ${earlier.type} and as a ${node.type}`);
    }
    this.nodes.set(path, node);
    return earlier !== undefined;
  }

  /** On a file system that folds names (`A` and `a`), a second name meets the first one's file. */
  private create<T>(path: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      throw new Refusal(`${quoted(path)} is in it twice for this machine's file system, in other spellings`);
    }
  }
}

/** PAX records that would change how much is read, or what. */
function refuseRecords(header: EntryHeader): void {
  const records = typeof header.pax === 'object' && header.pax !== null ? Object.keys(header.pax) : [];
  for (const key of records) {
    if (key === 'size') throw new Refusal(`${quoted(header.name)} gives its size in an extended header`);
    if (key.startsWith('GNU.sparse')) throw new Refusal(`${quoted(header.name)} is a sparse file`);
  }
}
