import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences, type Content } from '../../../../daemon/addons/backups/content.js';
import { nextTime, timeOfDay, timeText } from '../../../../daemon/addons/backups/times.js';
import { fits } from '../../../../daemon/addons/postgres/backups/which-tools.js';

const at = (text: string): number => Date.parse(text);
const next = (time: string, after: string): string =>
  new Date(nextTime(timeOfDay(time), at(after))).toISOString();

describe('the time of a daily backup', () => {
  it('is read as Heroku’s users write it', () => {
    expect(timeText(timeOfDay('2:00 Europe/Berlin'))).toBe('02:00 Europe/Berlin');
    expect(timeText(timeOfDay('23:59'))).toBe('23:59 UTC');
    for (const wrong of ['', '24:00', '12:60', '2 am', '02:00 Mars/Base', '02:00 Europe/Berlin; ls'])
      expect(() => timeOfDay(wrong)).toThrow(/is no time of day/);
  });

  it('is the next such time there, never this very one', () => {
    expect(next('02:00 Europe/Berlin', '2026-11-28T00:59:59Z')).toBe('2026-11-28T01:00:00.000Z');
    expect(next('02:00 Europe/Berlin', '2026-11-28T01:00:00Z')).toBe('2026-11-29T01:00:00.000Z');
    expect(next('00:30 Asia/Kolkata', '2026-11-28T12:00:00Z')).toBe('2026-11-28T19:00:00.000Z');
  });

  it('comes once where the clock is put forward over it, and once where the hour comes twice', () => {
    expect(next('02:30 Europe/Berlin', '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next('02:30 Europe/Berlin', '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
    expect(next('02:30 Europe/Berlin', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(next('02:30 Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  it('is always ahead, and never more than a day and a changed clock', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
      'America/New_York',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.nat({ max: 23 }),
        fc.nat({ max: 59 }),
        fc.integer({ min: at('2000-01-01T00:00Z'), max: at('2037-01-01T00:00Z') }),
        (timeZone, hour, minute, after) => {
          const ahead = nextTime({ hour, minute, timeZone }, after) - after;
          return ahead > 0 && ahead <= 26 * 3_600_000;
        },
      ),
    );
  });
});

describe('what was restored', () => {
  const content = (tables: Content['tables'], objects: Content['objects'] = {}): Content => ({
    version: '15.18',
    tables,
    objects,
  });
  const users = { name: 'public.users', rows: 2, digest: '12' };

  it('is told from what was backed up by its tables, rows and objects', () => {
    const indexes = { count: 2, digest: 'a' };
    expect(differences(content([users], { indexes }), content([users], { indexes }))).toEqual([]);
    expect(differences(content([users]), content([]))).toEqual(['public.users is missing']);
    expect(differences(content([]), content([users]))).toEqual(['public.users is there besides']);
    expect(differences(content([users]), content([{ ...users, rows: 1 }]))).toEqual([
      'public.users has 1 rows in place of 2',
    ]);
    expect(differences(content([users]), content([{ ...users, digest: '13' }]))).toEqual([
      'rows of public.users are not the same',
    ]);
    expect(
      differences(content([], { indexes }), content([], { indexes: { count: 1, digest: 'b' } })),
    ).toEqual(['1 of 2 indexes']);
    expect(
      differences(content([], { indexes }), content([], { indexes: { count: 2, digest: 'b' } })),
    ).toEqual(['indexes are not the same']);
  });
});

describe('pg_dump and pg_restore', () => {
  it('are of the server’s major version, or of a newer one that it understands', () => {
    expect([fits(15, 15), fits(16, 15), fits(18, 17)]).toEqual([true, true, true]);
    expect([fits(14, 15), fits(17, 16), fits(18, 15)]).toEqual([false, false, false]);
  });
});
