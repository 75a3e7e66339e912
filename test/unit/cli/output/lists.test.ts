import { describe, expect, it } from 'vitest';
import type { DynoDetails } from '../../../../api/dynos.js';
import type { Release } from '../../../../api/releases.js';
import { Paint } from '../../../../cli/output/colour.js';
import { diffLines } from '../../../../cli/output/diff.js';
import { dynoList } from '../../../../cli/output/dynos.js';
import { releaseLines } from '../../../../cli/output/releases.js';
import { displayWidth, fields, table } from '../../../../cli/output/table.js';
import { moment } from '../../../../cli/output/time.js';

const plain = new Paint(false);
const now = new Date('2026-08-01T11:00:00Z');
const at = (time: string): string => moment(new Date(time));

function aDyno(name: string, change: Partial<DynoDetails> = {}): DynoDetails {
  return {
    app: { id: 'a', name: 'myapp' },
    attach_url: null,
    attempt: 0,
    command: 'npm start',
    created_at: '2026-08-01T10:00:00Z',
    exit_code: null,
    id: name,
    instance: name,
    name,
    next_start_at: null,
    ready: true,
    reason: null,
    release: { id: 'r', version: 3 },
    size: 'Eco',
    state: 'up',
    type: name.split('.')[0] ?? '',
    updated_at: '2026-08-01T10:00:00Z',
    ...change,
  };
}

function aRelease(version: number, change: Partial<Release> = {}): Release {
  return {
    addon_plan_names: [],
    app: { id: 'a', name: 'myapp' },
    artifacts: [],
    created_at: '2026-08-01T10:00:00Z',
    current: false,
    description: 'Deploy 0b0e75c1',
    eligible_for_rollback: true,
    id: `id-${version}`,
    message: null,
    output_stream_url: null,
    slug: { id: 's' },
    status: 'succeeded',
    updated_at: '2026-08-01T10:00:00Z',
    user: { id: 'u', email: 'a@b.c' },
    version,
    ...change,
  };
}

describe('ps', () => {
  it('groups dynos by type and command, as Heroku does', () => {
    const dynos = [
      aDyno('web.2', { state: 'crashed', updated_at: '2026-08-01T10:58:00Z' }),
      aDyno('web.1'),
      aDyno('run.1', { command: 'bash' }),
    ];
    expect(dynoList(dynos, now, plain)).toEqual([
      '=== run: one-off processes (1)',
      '',
      `run.1 (Eco): up ${at('2026-08-01T10:00:00Z')} (~ 1h ago): bash`,
      '',
      '=== web (Eco): npm start (2)',
      '',
      `web.1: up ${at('2026-08-01T10:00:00Z')} (~ 1h ago)`,
      `web.2: crashed ${at('2026-08-01T10:58:00Z')} (~ 2m ago)`,
      '',
    ]);
  });

  it('counts web.10 after web.9', () => {
    const names = dynoList([aDyno('web.10'), aDyno('web.9')], now, plain).filter((line) =>
      line.startsWith('web.'),
    );
    expect(names.map((line) => line.split(':')[0])).toEqual(['web.9', 'web.10']);
  });

  it('tells why a dyno is down and when it is tried again', () => {
    const crashed = aDyno('web.1', {
      state: 'crashed',
      reason: 'exited with status 1',
      next_start_at: '2026-08-01T11:00:20Z',
    });
    expect(dynoList([crashed], now, plain)[2]).toContain('(~ 1h ago): exited with status 1; next try in 20s');
  });

  it('shows control characters of a command instead of obeying them', () => {
    expect(dynoList([aDyno('web.1', { command: 'a\x1b[2J' })], now, plain)[0]).toBe(
      '=== web (Eco): a\\x1b[2J (1)',
    );
  });
});

describe('releases', () => {
  it('stand in columns, with the state of those that are not done', () => {
    const releases = [
      aRelease(38, { status: 'failed' }),
      aRelease(37, { description: 'Set FOO config vars', current: true }),
      aRelease(1, { description: 'Initial release' }),
    ];
    const when = `${at('2026-08-01T10:00:00Z')} (~ 1h ago)`;
    expect(releaseLines(releases, now, plain, Infinity)).toEqual([
      `v38  Deploy 0b0e75c1 release command failed  a@b.c  ${when}`,
      `v37  Set FOO config vars                     a@b.c  ${when}`,
      `v1   Initial release                         a@b.c  ${when}`,
    ]);
  });

  it('give up the end of long descriptions on a narrow terminal', () => {
    const lines = releaseLines([aRelease(2, { description: 'x'.repeat(200) })], now, plain, 80);
    expect(lines[0]).toHaveLength(80);
    expect(lines[0]).toContain('x…  a@b.c');
  });
});

describe('tables', () => {
  it('align what takes two columns', () => {
    expect(displayWidth('漢🚀é')).toBe(5);
    const lines = table(
      [
        ['漢', 'a'],
        ['xx', 'b'],
      ],
      [{ value: (row) => row[0] ?? '' }, { value: (row) => row[1] ?? '' }],
    );
    expect(lines).toEqual(['漢  a', 'xx  b']);
  });

  it('align the values of fields, several below each other', () => {
    expect(
      fields([
        ['LANG', 'en'],
        ['LONGER', ['a', 'b']],
        ['LINES', 'x\ny'],
      ]),
    ).toEqual(['LANG:   en', 'LONGER: a', '        b', 'LINES:  x\\ny']);
  });
});

describe('a difference of releases', () => {
  const same = {
    from: 3,
    to: 4,
    config: [],
    process_types: [],
    bindings: [],
    slug: { from: 's', to: 's', changed: false },
    files: [],
    dependencies: [],
  };

  it('says so when there is none', () => {
    expect(diffLines(same, plain)).toEqual(['Nothing differs.']);
  });

  it('is told section by section', () => {
    const diff = {
      ...same,
      config: [{ key: 'LOG_LEVEL', change: 'added' as const, from: null, to: 'de…' }],
      dependencies: [{ name: 'pg', from: '8.1.0', to: '8.2.0' }],
      files: [{ path: 'src/app.ts', change: 'removed' as const }],
    };
    expect(diffLines(diff, plain)).toEqual([
      'Config vars',
      '  + LOG_LEVEL  de…',
      '',
      'Dependencies',
      '  ~ pg  8.1.0 → 8.2.0',
      '',
      'Files',
      '  - src/app.ts',
    ]);
  });
});
