import { PlanError } from '../planner.js';

/** What go.mod says that a plan depends on. */
export interface GoMod {
  /** `example.com/me/hello` */
  readonly module: string;
  /** `1.24` or `1.24.3`: the least that the module needs. */
  readonly go: string | null;
  /** `go1.24.3`: what its author builds with. */
  readonly toolchain: string | null;
  readonly requires: boolean;
  /** Of the comment `// +heroku goVersion go1.24.3`. */
  readonly herokuVersion: string | null;
  /** Of the comments `// +heroku install ./cmd/... ./tool`. */
  readonly herokuInstall: readonly string[];
}

export function readGoMod(text: string): GoMod {
  const module = unquoted(wordAfter(text, /^module[ \t]+(?:\([ \t]*(?:\n[ \t]*)?)?(\S+)/m));
  if (module === null)
    throw new PlanError(
      'go.mod names no module.',
      'Run `go mod init example.com/my-app` in the folder of the app, and push again.',
    );
  return {
    module,
    go: wordAfter(text, /^go[ \t]+(\S+)/m),
    toolchain: wordAfter(text, /^toolchain[ \t]+(\S+)/m),
    requires: /^require\b/m.test(text),
    herokuVersion: wordAfter(text, /^[ \t]*\/\/[ \t]*\+heroku[ \t]+goVersion[ \t]+(\S+)/m),
    herokuInstall: [...text.matchAll(/^[ \t]*\/\/[ \t]*\+heroku[ \t]+install[ \t]+(\S.*)$/gm)].flatMap(
      ([, packages = '']) => packages.trim().split(/\s+/),
    ),
  };
}

const wordAfter = (text: string, pattern: RegExp): string | null => pattern.exec(text)?.[1] ?? null;
const unquoted = (word: string | null): string | null => word?.replace(/^["`](.*)["`]$/, '$1') ?? null;
