import { expect, test } from 'vitest';
import { testWorld } from '../../testing/harness.ts';
import { checkPassword, generatePassword, hashPassword } from './passwords.ts';
import { networkOf } from './throttle.ts';

test('passwords are kept as argon2id with at least 19 MiB and two passes', async () => {
  const hash = await hashPassword('a passphrase of quite some length, sixty-four characters or more!');
  const [, memory = '0', passes = '0'] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$/.exec(hash) ?? [];
  expect(Number(memory)).toBeGreaterThanOrEqual(19 * 1024);
  expect(Number(passes)).toBeGreaterThanOrEqual(2);
  expect(await checkPassword(hash, 'a passphrase of quite some length, sixty-four characters or more!')).toBe(
    true,
  );
  expect(await checkPassword(hash, 'a passphrase of quite some length')).toBe(false);
  expect(await checkPassword('not a hash', 'anything')).toBe(false);
});

test('one password may be typed composed or decomposed', async () => {
  expect(
    await checkPassword(await hashPassword('caf\u00e9 au lait, please'), 'cafe\u0301 au lait, please'),
  ).toBe(true);
});

test('generated passwords are four groups of five, and never twice the same', () => {
  const world = testWorld();
  const made = Array.from({ length: 50 }, () => generatePassword(world));
  for (const password of made) expect(password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  expect(new Set(made).size).toBe(50);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
