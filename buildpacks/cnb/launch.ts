import { parse } from 'smol-toml';
import { isProcessType } from '../procfile.js';

/** Where the launcher of an image finds the process types: a link to itself each. */
const PROCESSES = '/cnb/process';

/** What the buildpacks of a build say of running what they built. */
export interface Launch {
  /** Process types that the launcher knows, whatever they are called. */
  readonly types: readonly string[];
  /** The one that the image itself runs; null: none. */
  readonly main: string | null;
  /** Those that can be process types of an app, with their commands; `web` is the main one where none is called so. */
  readonly processTypes: Readonly<Record<string, string>>;
  /** Process types that are none of an app's, by their names. */
  readonly unfit: readonly string[];
}

export type ReadLaunch =
  | { readonly ok: true; readonly launch: Launch }
  /** The second half of a sentence that begins with the file. */
  | { readonly ok: false; readonly why: string };

/** As many as a Procfile may declare. */
const MOST_TYPES = 256;

/** What the launcher takes for a process type; it becomes the name of a file. */
const TYPE = /^(?!\.\.?$)[A-Za-z0-9._-]{1,255}$/;

export const commandOf = (type: string): string => `${PROCESSES}/${type}`;
export const isProcessCommand = (command: string): boolean =>
  command.startsWith(`${PROCESSES}/`) && TYPE.test(command.slice(PROCESSES.length + 1));

/** Of `<layers>/config/metadata.toml`, as the lifecycle's builder writes it. */
export function readLaunch(toml: string): ReadLaunch {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(toml);
  } catch {
    return { ok: false, why: 'is not valid TOML' };
  }
  const types = [...new Set(tablesOf(table['processes']).filter(isForProduction).flatMap(typeOf))];
  if (types.length > MOST_TYPES) return { ok: false, why: `has more than ${MOST_TYPES} process types` };
  const wanted = table['buildpack-default-process-type'];
  const main = typeof wanted === 'string' && types.includes(wanted) ? wanted : null;
  const fit = types.filter(isProcessType);
  const web = main === null || fit.includes('web') ? {} : { web: commandOf(main) };
  return {
    ok: true,
    launch: {
      types,
      main,
      processTypes: { ...web, ...Object.fromEntries(fit.map((type) => [type, commandOf(type)])) },
      unfit: types.filter((type) => !isProcessType(type)),
    },
  };
}

type Table = Readonly<Record<string, unknown>>;

const tablesOf = (value: unknown): Table[] =>
  Array.isArray(value)
    ? value.filter((entry): entry is Table => typeof entry === 'object' && entry !== null)
    : [];

const typeOf = ({ type }: Table): string[] => (typeof type === 'string' && TYPE.test(type) ? [type] : []);

/** The execution environment of all dynos; a process that names none is for each. */
const isForProduction = ({ 'exec-env': env }: Table): boolean =>
  !Array.isArray(env) || env.length === 0 || env.includes('*') || env.includes('production');
