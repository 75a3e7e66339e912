import { link, readFile, rename, rm } from 'node:fs/promises';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import { codeOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { RouteTable } from '../control/protocol.js';
import { isRouteTable } from '../control/table.js';
import { parseStateFile, stateFileText } from './state-file.js';

export const EMPTY_TABLE: RouteTable = { version: 0, apps: [] };

interface Waiter {
  readonly version: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The last table on disk: one line with a checksum, one with the table. Written whole or not at all; the one before is
 * kept beside it, in case the file is damaged by something else.
 */
export class TableFile {
  private newest: RouteTable | undefined;
  private waiters: Waiter[] = [];
  private writing = false;

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  /** The newest table that is sound; an empty one when there is none. Never throws for what the files contain. */
  async load(): Promise<RouteTable> {
    const current = await this.read(this.path);
    const previous = await this.read(this.previousPath);
    if (current && (!previous || previous.version <= current.version)) return current;
    if (!previous) return EMPTY_TABLE;
    this.logger.warn({ version: previous.version }, 'the table before is used');
    return previous;
  }

  /** Resolves when this table, or a newer one, would survive a power cut. */
  save(table: RouteTable): Promise<void> {
    this.newest = table;
    return new Promise((resolve, reject) => {
      this.waiters.push({ version: table.version, resolve, reject });
      void this.writeNewest();
    });
  }

  private get previousPath(): string {
    return `${this.path}.before`;
  }

  private async writeNewest(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    while (this.newest !== undefined) {
      const table = this.newest;
      this.newest = undefined;
      await this.writeOne(table).then(
        () => this.settle(table.version, (waiter) => waiter.resolve()),
        (error: unknown) => this.settle(table.version, (waiter) => waiter.reject(error)),
      );
    }
    this.writing = false;
  }

  private settle(version: number, how: (waiter: Waiter) => void): void {
    const settled = this.waiters.filter((waiter) => waiter.version <= version);
    this.waiters = this.waiters.filter((waiter) => waiter.version > version);
    settled.forEach(how);
  }

  private async writeOne(table: RouteTable): Promise<void> {
    await this.keepPrevious();
    await writeFileAtomic(this.path, stateFileText(table));
  }

  private async keepPrevious(): Promise<void> {
    const temporary = `${this.previousPath}.tmp`;
    try {
      await rm(temporary, { force: true });
      await link(this.path, temporary);
      await rename(temporary, this.previousPath);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  private async read(path: string): Promise<RouteTable | undefined> {
    try {
      const table = parseTableFile(await readFile(path, 'utf8'));
      if (!table) this.logger.error({ path }, 'the route table file is damaged and is not used');
      return table;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        this.logger.error({ path, code: codeOf(error) }, 'the route table file cannot be read');
      return undefined;
    }
  }
}

/** Undefined when a byte is missing or different. */
export function parseTableFile(content: string): RouteTable | undefined {
  const table = parseStateFile(content);
  return isRouteTable(table) ? table : undefined;
}
