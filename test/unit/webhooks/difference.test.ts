import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../../daemon/webhooks/difference.js';

const up = { name: 'web.1', state: 'up', release: { version: 3 }, updated_at: '2026-01-02T00:00:00Z' };
const starting = { ...up, state: 'starting', updated_at: '2026-01-01T00:00:00Z' };

describe('the difference of two views of a resource', () => {
  it('is its making, its end, or what was different', () => {
    expect(differenceOf(null, up)).toEqual({ action: 'create', data: up, previousData: {} });
    expect(differenceOf(up, null)).toEqual({ action: 'destroy', data: up, previousData: {} });
    expect(differenceOf(starting, up)).toEqual({
      action: 'update',
      data: up,
      previousData: { state: 'starting' },
    });
    expect(differenceOf(up, { ...up, release: { version: 4 } })?.previousData).toEqual({
      release: { version: 3 },
    });
  });

  it('is none where clients see none', () => {
    expect(differenceOf(null, null)).toBeNull();
    expect(differenceOf(up, { ...up, updated_at: '2026-01-03T00:00:00Z' })).toBeNull();
  });
});
