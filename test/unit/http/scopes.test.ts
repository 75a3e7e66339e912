import { describe, expect, it } from 'vitest';
import { SCOPES, type Scope } from '../../../api/scopes.js';
import { isEnough, neededScope } from '../../../daemon/http/access/scopes.js';

describe('what a route needs', () => {
  it('is read or write by its method, unless it says otherwise', () => {
    expect(['GET', 'HEAD'].map((method) => neededScope(method, undefined))).toEqual(['read', 'read']);
    expect(['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => neededScope(method, undefined))).toEqual(
      Array(4).fill('write'),
    );
    expect(neededScope('POST', 'read')).toBe('read');
  });
});

describe('a token', () => {
  it.each<[string, readonly Scope[]]>([
    ['global', SCOPES],
    ['identity', ['identity']],
    ['read', ['identity', 'read']],
    ['write', ['identity', 'read', 'write']],
    ['read-protected', ['identity', 'read', 'read-protected']],
    ['write-protected', ['identity', 'read', 'write', 'read-protected', 'write-protected']],
    ['unknown', []],
  ])('of the scope %s is good for %j', (scope, good) => {
    expect(SCOPES.filter((needed) => isEnough([scope], needed))).toEqual(
      SCOPES.filter((needed) => good.includes(needed)),
    );
  });

  it('of several scopes is good for what any of them is', () => {
    expect(isEnough(['identity', 'write'], 'write')).toBe(true);
    expect(isEnough([], 'identity')).toBe(false);
  });
});
