import { describe, expect, it } from 'vitest';
import {
  checkedAuthorization,
  checkedInclude,
  checkedSecret,
  checkedUrl,
  ENTITIES,
} from '../../../daemon/webhooks/subscription.js';

describe('the address of a webhook', () => {
  it.each([
    'https://example.com/hooks',
    'http://127.0.0.1:9000/',
    'http://[::1]:9000/a?b=c',
    'http://localhost/',
  ])('%s is taken', (url) => expect(checkedUrl(url)).toBe(url));

  it.each([
    '',
    'example.com/hooks',
    '/hooks',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'unix:/var/run/docker.sock',
    'http://',
    'https://user:password@example.com/',
    'https://token@example.com/',
    'https://example.com/#part',
    'https://exa mple.com/',
    `https://example.com/${'a'.repeat(2048)}`,
  ])('%s is refused', (url) => expect(() => checkedUrl(url)).toThrow(/Nothing was changed/));

  it('cannot smuggle a second header', () => {
    expect(checkedUrl('https://example.com/a\r\nX-Evil: 1')).not.toMatch(/[\r\n]/);
  });
});

describe('what a webhook is told of', () => {
  it('are the kinds that Heroku has, each once', () => {
    expect(checkedInclude([...ENTITIES, 'api:release'])).toEqual([...ENTITIES]);
  });

  it('is refused with all that there are', () => {
    const error = (include: string[]) => {
      try {
        checkedInclude(include);
      } catch (thrown) {
        return thrown;
      }
      return null;
    };
    expect(error(['api:release', 'releases'])).toMatchObject({
      id: 'invalid_params',
      message: expect.stringContaining('api:addon, api:addon-attachment, api:app') as string,
      suggestions: ['api:release'],
    });
    expect(error([])).toMatchObject({ id: 'invalid_params' });
  });
});

describe('what goes into headers', () => {
  it('is taken as it is', () => {
    expect(checkedSecret('s')).toBe('s');
    expect(checkedAuthorization('Bearer 01 23')).toBe('Bearer 01 23');
  });

  it.each(['', ' ', 'a\nb', 'a\r\nX-Evil: 1', 'ä', 'a\0', 'a'.repeat(5000)])('is not %j', (value) => {
    expect(() => checkedSecret(value)).toThrow(/printable ASCII/);
    expect(() => checkedAuthorization(value)).toThrow(/printable ASCII/);
  });
});
