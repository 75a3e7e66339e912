import type { Runtime } from '../plan.js';
import { PlanError } from '../planner.js';
import type { GoMod } from './go-mod.js';

interface Wish {
  /** The version as Go writes it: `1.24`, `1.24.3`, `1.26rc1`. */
  readonly version: string;
  readonly asked: string;
}

/**
 * Go builds what was written for an older Go, so a version is the least that will do. Only a whole one that the comment
 * `// +heroku goVersion` names is meant as it stands.
 */
export function goRuntime({ go, toolchain, herokuVersion }: GoMod): Runtime {
  if (herokuVersion !== null) {
    const wish = {
      version: bare(herokuVersion),
      asked: `go.mod asks for Go ${bare(herokuVersion)} in goVersion`,
    };
    return runtimeOf(wish, isWhole(wish.version) ? '=' : '>=');
  }
  if (toolchain !== null && /^go\d/.test(toolchain))
    return runtimeOf(
      { version: bare(toolchain), asked: `go.mod asks for Go ${bare(toolchain)} in toolchain` },
      '>=',
    );
  if (go !== null) return runtimeOf({ version: go, asked: `go.mod asks for Go ${go} or later` }, '>=');
  return { language: 'go', range: null, asked: null };
}

/** What the go command is told of the version: it fetches another than the machine's where it must. */
export function toolchainEnv({ herokuVersion }: GoMod): Readonly<Record<string, string>> {
  const exact = herokuVersion !== null && isWhole(bare(herokuVersion));
  return { GOTOOLCHAIN: exact ? `go${bare(herokuVersion)}+auto` : 'auto' };
}

function runtimeOf({ version, asked }: Wish, operator: '=' | '>='): Runtime {
  const semver = asSemver(version);
  if (semver === null)
    throw new PlanError(
      `${asked}, which is no version of Go.`,
      'Write a version such as 1.24 or 1.24.3 into go.mod.',
    );
  return { language: 'go', range: `${operator}${semver}`, asked };
}

/** `1.26rc1` → `1.26.0-rc.1` */
function asSemver(version: string): string | null {
  const [, major, minor, patch, kind, number] =
    /^(\d+)\.(\d+)(?:\.(\d+|x))?(?:(alpha|beta|rc)(\d+))?$/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return null;
  const release = `${major}.${minor}.${patch === undefined || patch === 'x' ? '0' : patch}`;
  return kind === undefined ? release : `${release}-${kind}.${number ?? '0'}`;
}

const bare = (name: string): string => name.replace(/^go/, '');
const isWhole = (version: string): boolean => /^\d+\.\d+\.\d+$/.test(version);
