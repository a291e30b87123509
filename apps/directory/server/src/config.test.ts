import { describe, expect, test } from 'vitest';
import { isLoopback, readCommand } from './config.ts';
import { StartRefused } from './start-refused.ts';

const start = (args: string[], environment: Record<string, string> = {}) => {
  const command = readCommand(args, environment);
  if (command.kind !== 'start') throw new Error(`expected a start, received ${command.kind}`);
  return command.options;
};

describe('the command line', () => {
  test('has defaults that only this machine can reach', () => {
    expect(start([])).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      databaseUrl: null,
      people: null,
      importFile: null,
      admin: { email: null, password: null },
      trustedProxies: [],
    });
    expect(start([]).dataFolder).toMatch(/[/\\]\.directory$/);
  });

  test('a flag wins over its variable, and an empty variable is absent', () => {
    expect(start(['--port', '9000'], { PORT: '9001' }).port).toBe(9000);
    expect(start([], { PORT: '9001' }).port).toBe(9001);
    expect(start([], { PORT: '' }).port).toBe(8080);
    expect(start([], { DATABASE_URL: 'postgres://u:p@h/db' }).databaseUrl).toBe('postgres://u:p@h/db');
    expect(start(['--data', '/a/b'], { DIRECTORY_DATA: '/c' }).dataFolder).toBe('/a/b');
  });

  test('keeps records for two years, or for as many days as it is told', () => {
    const days = 24 * 60 * 60 * 1000;
    expect(start([]).retention).toEqual({ historyMs: 730 * days, auditMs: 730 * days });
    const told = start([], { DIRECTORY_HISTORY_DAYS: '30', DIRECTORY_AUDIT_DAYS: '3650' });
    expect(told.retention).toEqual({ historyMs: 30 * days, auditMs: 3650 * days });
    for (const text of ['0', '-1', '1.5', 'x', '1e3', '100000']) {
      expect(() => start([], { DIRECTORY_AUDIT_DAYS: text })).toThrow(StartRefused);
    }
  });

  test('knows help and the reset of a password', () => {
    expect(readCommand(['--help'], {})).toEqual({ kind: 'help' });
    expect(readCommand(['--reset-password', 'ada@example.com'], {})).toMatchObject({
      kind: 'reset-password',
      email: 'ada@example.com',
    });
  });

  test.each([
    [['--port', 'abc'], {}, /--port expects a whole number from 0 to 65535, received "abc"/],
    [['--port', '70000'], {}, /--port/],
    [['--people', '-1'], {}, /--people|--help/],
    [['--people', '99999999999999999999'], {}, /--people/],
    [['--colour', 'red'], {}, /--colour.*--help lists the flags/],
    [['stray'], {}, /stray.*--help/],
    [['--host', 'a b'], {}, /--host/],
    [['--database-url', 'mysql://h/db'], {}, /The database URL is not one/],
    [['--database-url', 'nonsense'], {}, /The database URL is not one/],
    [[], { DIRECTORY_ORIGINS: 'people.example.org' }, /DIRECTORY_ORIGINS/],
    [[], { DIRECTORY_TRUSTED_PROXIES: 'proxy' }, /DIRECTORY_TRUSTED_PROXIES/],
  ])('%j %j is refused in one sentence', (args, environment, sentence) => {
    expect(() => readCommand(args, environment)).toThrowError(StartRefused);
    expect(() => readCommand(args, environment)).toThrowError(sentence);
    try {
      readCommand(args, environment);
    } catch (error) {
      expect((error as Error).message.split('\n')).toHaveLength(1);
    }
  });

  test('a refused database URL is not repeated, for it may hold a password', () => {
    expect(() => readCommand(['--database-url', 'http://u:hunter2@h/db'], {})).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });

  test.each([
    ['127.0.0.1', true],
    ['127.3.2.1', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['10.0.0.4', false],
    ['127.example.org', false],
  ])('%s is loopback: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
