/** A read-only view of a source tree. Paths are relative, with `/`, without a leading `./`; nothing is followed out of the tree. */
export interface SourceTree {
  has(path: string): boolean;
  /** The text of the file, or of the one that a link leads to; null where there is no such regular file (or it is over 1 MiB). */
  read(path: string): string | null;
  /** Names of the entries of a folder ('' is the root), sorted; folders end in `/`. */
  list(folder: string): readonly string[];
}
