import { join } from 'node:path';
import type { GitEnvironment } from './program.js';

/** Where everything of git lies below `$TFK_HOME/git`. */
export interface GitPlaces {
  /** git's HOME: it finds our settings there. */
  readonly folder: string;
  readonly settings: string;
  readonly hooks: string;
  readonly repositories: string;
}

export function gitPlaces(home: string): GitPlaces {
  const folder = join(home, 'git');
  return {
    folder,
    settings: join(folder, '.gitconfig'),
    hooks: join(folder, 'hooks'),
    repositories: join(folder, 'repositories'),
  };
}

/**
 * A clean environment: git takes settings, folders and programs from GIT_* variables, and those of whoever started tfkd are
 * not meant for our repositories.
 */
export function gitEnvironment(places: GitPlaces, path: string): GitEnvironment {
  return {
    PATH: path,
    HOME: places.folder,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** Bytes of one push: far above the source's limit, since a first push brings the whole history. */
const MAX_PUSH = '2g';
/** Files above are streamed: never whole in memory, never compared. */
const BIG_FILE = '16m';

/**
 * The settings of all repositories, in one file that each start of tfkd writes anew. `fsckObjects` refuses trees that attack
 * who checks them out (`.git` in a path, hostile `.gitmodules`); ignored is what old tools wrote into honest histories.
 * Nothing is fetched from anywhere (`protocol`), and git's housekeeping ends with the push that began it (`autoDetach`).
 */
export const settingsFile = (places: GitPlaces): string => `# Written by tfkd at each start.
[core]
	hooksPath = ${quoted(places.hooks)}
	bigFileThreshold = ${BIG_FILE}
	fsync = committed
[init]
	defaultBranch = main
[safe]
	directory = *
[protocol]
	allow = never
[http]
	receivepack = true
	uploadpack = true
	getanyfile = false
[receive]
	fsckObjects = true
	maxInputSize = ${MAX_PUSH}
	keepAlive = 5
[receive "fsck"]
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
	zeroPaddedFilemode = ignore
[uploadpack]
	keepAlive = 5
[pack]
	threads = 1
	windowMemory = 64m
[gc]
	autoDetach = false
[maintenance]
	autoDetach = false
`;

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * The one hook. The secret of its push goes to the program by stdin, before the lines that git wrote for it: arguments can be
 * seen by others.
 */
export const hookScript = (program: { node: string; hook: string; socket: string }): string => `#!/bin/sh
# Written by tfkd at each start.
{ printf '%s\\n' "$TFK_PUSH"; cat; } | ${[program.node, program.hook, program.socket].map(shellWord).join(' ')}
`;

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
