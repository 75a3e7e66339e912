import type { Unstartable } from '../engines/engine.js';
import { isOwnProgram, programOf } from '../shared/program.js';

type ProcessTypes = Readonly<Record<string, string>>;

/** The files of the app by which its process types begin. What else they start depends on where they run. */
export function programsOf(types: ProcessTypes): string[] {
  const programs = Object.values(types).map((command) => programOf(command));
  return [...new Set(programs.filter((program) => program !== null).filter(isOwnProgram))];
}

/** What can be said of them for sure once the slug is there. */
export function programWarnings(types: ProcessTypes, unstartable: readonly Unstartable[]): string[] {
  return Object.entries(types).flatMap(([type, command]) => {
    const fault = unstartable.find(({ path }) => path === programOf(command));
    if (!fault) return [];
    return fault.why === 'missing'
      ? `${type}: ${fault.path} is not in the slug: it will not start. Is it built, and not left out by an ignore file?`
      : `${type}: ${fault.path} is not executable: it will not start. \`chmod +x ${fault.path}\`, and push again.`;
  });
}
