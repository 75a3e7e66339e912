import type { ReleaseDiff } from '../../api/tfk.js';
import type { Paint } from './colour.js';
import { visible } from './sanitise.js';

interface Change {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly from?: string | null;
  readonly to?: string | null;
}

const MARKS = { added: ['+', 'green'], removed: ['-', 'red'], changed: ['~', 'yellow'] } as const;

/** What differs between two releases, section by section; one line says when nothing does. */
export function diffLines(diff: ReleaseDiff, paint: Paint): string[] {
  const sections = [
    section(
      'Config vars',
      diff.config.map((item) => ({ name: item.key, ...item })),
      paint,
    ),
    section(
      'Process types',
      diff.process_types.map((item) => ({ name: item.type, ...item })),
      paint,
    ),
    section('Add-ons', diff.bindings, paint),
    section(
      'Dependencies',
      diff.dependencies.map((item) => ({ ...item, change: changeOf(item) })),
      paint,
    ),
    section(
      'Files',
      diff.files.map((item) => ({ name: item.path, change: item.change })),
      paint,
    ),
  ].filter((lines) => lines.length > 0);
  const code = diff.slug.changed && diff.files.length === 0 ? [['Code: another slug']] : [];
  const all = [...code, ...sections];
  return all.length === 0
    ? ['Nothing differs.']
    : all.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function section(title: string, changes: readonly Change[], paint: Paint): string[] {
  if (changes.length === 0) return [];
  return [paint.in('bold', title), ...changes.map((change) => line(change, paint))];
}

function line({ name, change, from, to }: Change, paint: Paint): string {
  const [mark, colour] = MARKS[change];
  const values = [from, to].filter((value) => value !== null && value !== undefined).map(visible);
  return paint.in(colour, `  ${mark} ${visible(name)}${values.length > 0 ? `  ${values.join(' → ')}` : ''}`);
}

function changeOf({ from, to }: { from: string | null; to: string | null }): Change['change'] {
  if (from === null) return 'added';
  return to === null ? 'removed' : 'changed';
}
