import type { ProcessTypes } from '../procfile.js';
import type { SourceTree } from '../source.js';
import type { PackageJson } from './package-json.js';
import type { PackageManager } from './package-manager.js';
import type { Workspace } from './workspaces.js';

/** A Node.js source, as far as it was read. */
export interface NodeApp {
  readonly source: SourceTree;
  readonly packageJson: PackageJson;
  readonly workspaces: readonly Workspace[];
  readonly manager: PackageManager;
  /** Config vars that the package manager reads, such as a token for a private registry which its settings name. */
  readonly variables: ReadonlyMap<string, string>;
  readonly procfile: ProcessTypes;
}
