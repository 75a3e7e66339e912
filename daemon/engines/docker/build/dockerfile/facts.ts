import type Docker from 'dockerode';
import { shellLine } from '../../../../../buildpacks/dockerfile/shell-line.js';
import type { ImageFacts } from '../../../engine.js';

/** An image's config as far as it is looked at; what is empty is left out by some engines, and null by others. */
export type ImageConfig = Partial<
  Pick<Docker.ImageInspectInfo['Config'], 'User' | 'OnBuild'> & {
    readonly Entrypoint: string | readonly string[] | null;
    readonly Cmd: readonly string[] | null;
    readonly Healthcheck: { readonly Test?: readonly string[]; readonly Timeout?: number } | null;
  }
>;

/** ENTRYPOINT and CMD as one line of shell; null where the image has neither. */
export function commandLine({ Entrypoint, Cmd }: ImageConfig): string | null {
  const words = [...[Entrypoint ?? []].flat(), ...(Cmd ?? [])];
  return words.length === 0 ? null : shellLine(words);
}

/** Docker's own, where a HEALTHCHECK names none. */
const USUAL_TIMEOUT_MS = 30_000;
const NANOSECONDS = 1_000_000;

export function healthcheckOf({ Healthcheck }: ImageConfig): ImageFacts['healthcheck'] {
  const [kind, ...words] = Healthcheck?.Test ?? [];
  const timeoutMs = Math.round((Healthcheck?.Timeout ?? 0) / NANOSECONDS) || USUAL_TIMEOUT_MS;
  if (kind === 'CMD' && words.length > 0) return { command: words, timeoutMs };
  if (kind === 'CMD-SHELL' && words[0] !== undefined) return { command: words[0], timeoutMs };
  return null;
}

export function runsAsRoot({ User }: ImageConfig): boolean {
  const [name = ''] = (User ?? '').split(':');
  return name === '' || name === 'root' || /^0+$/.test(name);
}
