import { describe, expect, test } from 'vitest';

import { scriptsOf, type Manifest } from './first-route.ts';
import { lockFaults, versionFaults, type LockFile } from './lockfile-rules.ts';
import { compareRules, rulesIn, titlesIn } from './spec-rules.ts';
import { countPlaywright, countVitest } from './tests-count.ts';

/** vitest's JSON report of five good tests, and what else is given. */
const vitest = (counts: object): string =>
  JSON.stringify({
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...counts,
  });

describe('the count of tests', () => {
  test("vitest's tests are counted one by one", () => {
    const json = vitest({ numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 });
    expect(countVitest(json, 1, '')).toMatchObject({ passed: 5, failed: 2, skipped: 2 });
  });

  test('a test file that cannot be loaded is a failure, although it has no tests', () => {
    const json = vitest({ testResults: [{ status: 'failed', assertionResults: [] }] });
    expect(countVitest(json, 1, '')).toMatchObject({ passed: 5, failed: 1 });
  });

  test('a bad end after good tests is a failure', () => {
    expect(countVitest(vitest({}), 1, '')).toMatchObject({ passed: 5, failed: 1 });
    expect(
      countPlaywright(JSON.stringify({ stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 0 } }), 1, ''),
    ).toMatchObject({
      passed: 3,
      failed: 1,
    });
  });

  test('a run without a report is a failure', () => {
    expect(countVitest(null, 0, 'crash')).toEqual({ passed: 0, failed: 1, skipped: 0, report: 'crash' });
    expect(countPlaywright(null, 0, 'crash')).toMatchObject({ failed: 1 });
  });

  test('a browser test that passes at its second try has failed', () => {
    const json = JSON.stringify({ stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 2 } });
    expect(countPlaywright(json, 1, '')).toMatchObject({ passed: 3, failed: 2, skipped: 2 });
  });

  test('no browser test at all is a failure', () => {
    const json = JSON.stringify({ stats: { expected: 0, unexpected: 0, flaky: 0, skipped: 0 } });
    expect(countPlaywright(json, 0, '')).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('the specification and its tests', () => {
  test('a rule is defined where its number stands in bold', () => {
    expect(rulesIn('- **S1.1** One.\n- **S1.2** Two, see S1.1 and **bold** and **S2**.')).toEqual([
      'S1.1',
      'S1.2',
    ]);
  });

  test('titles are read in every form, and those of skipped tests are not', () => {
    const text = `
      describe('S1.1 suite', () => {
        test('S1.2 plain', () => {});
        it.each([1])('S1.3 each %d', () => {});
        test(\`S1.4 for \${name}\`, () => {});
        test.skip('S9.1 skipped', () => {});
        it.todo('S9.2 planned');
        describe.skip('S9.3', () => {});
        test('S1.5 ' + name, { timeout: 5 }, () => {});
        test.for\`a\`('S1.6 tagged', () => {});
        expect('S9.4').toBe('S9.4');
      });`;
    const titles = titlesIn('x.test.ts', text);
    expect(titles.flatMap((title) => title.match(/S\d\.\d/g) ?? [])).toEqual([
      'S1.1',
      'S1.2',
      'S1.3',
      'S1.4',
      'S1.5',
      'S1.6',
    ]);
  });

  test('a rule without a test, a test without a rule and a number given twice are faults', () => {
    expect(compareRules(['S1.1', 'S1.2', 'S1.2'], ['S1.2 holds', 'S1.10 is something else'])).toEqual([
      expect.stringMatching(/^S1\.2 is defined twice/),
      expect.stringMatching(/^S1\.1 has no test/),
      expect.stringMatching(/names S1\.10, which the specification does not define/),
    ]);
    expect(compareRules(['S1.1'], ['S1.1 and more'])).toEqual([]);
  });

  test('a specification without rules is a fault', () => {
    expect(compareRules([], [])).toHaveLength(1);
  });
});

const faultsOf = (packages: LockFile['packages']): readonly string[] =>
  lockFaults('package-lock.json', { packages });

describe('versions and the lock file', () => {
  test.each(['^1.0.0', '~1.0.0', '1.x', 'latest', '>=1', '1.0'])('the version "%s" is refused', (version) => {
    expect(versionFaults('package.json', { dependencies: { some: version } })).toHaveLength(1);
    expect(versionFaults('package.json', { devDependencies: { some: version } })).toHaveLength(1);
  });

  test.each(['1.0.0', '18.4.0-beta.17'])('the version "%s" is exact', (version) => {
    expect(versionFaults('package.json', { dependencies: { some: version } })).toEqual([]);
  });

  const sound = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' };
  const faults = (entry: LockFile['packages'][string], name = 'some'): readonly string[] =>
    faultsOf({ [`node_modules/${name}`]: { ...sound, ...entry } });

  test('a sound entry has no fault', () => {
    expect(faults({})).toEqual([]);
  });

  test("a registry's address is a fault", () => {
    expect(faults({ resolved: 'https://registry.example/some.tgz' })).toHaveLength(1);
  });

  test('an entry without a hash is a fault', () => {
    expect(faultsOf({ 'node_modules/some': { license: 'MIT' } })).toHaveLength(1);
  });

  test('the binary of a platform that nobody has locked on may lack its hash', () => {
    const foreign = { version: '1.0.0', license: 'MIT', optional: true, os: ['aix'] };
    expect(faultsOf({ 'node_modules/some-aix': foreign })).toEqual([]);
  });

  test('a package for another platform that is not locked is a fault, because npm ci refuses it', () => {
    const parent = { ...sound, optionalDependencies: { '@some/aix': '1.0.0' } };
    const other = { ...sound, optional: true, os: ['aix'] };
    expect(faultsOf({ 'node_modules/some': parent })).toHaveLength(1);
    expect(faultsOf({ 'node_modules/some': parent, 'node_modules/@some/aix': other })).toEqual([]);
    expect(
      faultsOf({
        'node_modules/a/node_modules/some': parent,
        'node_modules/a/node_modules/@some/aix': other,
      }),
    ).toEqual([]);
    expect(
      faultsOf({ 'node_modules/some': parent, 'node_modules/a/node_modules/@some/aix': other }),
    ).toHaveLength(1);
  });

  test.each(['GPL-3.0', 'MIT AND GPL-3.0', 'UNLICENSED', 'LGPL-3.0-or-later'])(
    '"%s" may not be shipped',
    (license) => {
      expect(faults({ license })).toHaveLength(1);
      expect(faults({ license, dev: true })).toEqual([]);
    },
  );

  test.each(['(MIT OR GPL-3.0)', '(MIT AND Zlib)', 'Apache-2.0'])('"%s" may be shipped', (license) => {
    expect(faults({ license })).toEqual([]);
  });

  test('an exception holds for the package that it names', () => {
    const license = 'Apache-2.0 AND LGPL-3.0-or-later';
    expect(faults({ license }, '@img/sharp-win32-x64')).toEqual([]);
    expect(faults({ license }, 'other')).toHaveLength(1);
  });
});

describe("the first route's scripts", () => {
  const manifest: Manifest = {
    'index.html': { file: 'entry.js', isEntry: true, imports: ['_shared.js'] },
    '_shared.js': { file: 'shared.js', imports: ['_deep.js'] },
    '_deep.js': { file: 'deep.js', imports: ['_shared.js'] },
    'src/people.ts': { file: 'people.js', imports: ['_shared.js', '_grid.js'] },
    '_grid.js': { file: 'grid.js' },
    'src/other.ts': { file: 'other.js' },
    'style.css': { file: 'style.css' },
  };

  test("are the entry's and the route's, with all that these import, each once", () => {
    expect(scriptsOf(manifest, ['src/people.ts'])).toEqual([
      'entry.js',
      'shared.js',
      'deep.js',
      'people.js',
      'grid.js',
    ]);
  });

  test('a route that the build does not know is an error, not a smaller figure', () => {
    expect(() => scriptsOf(manifest, ['src/gone.ts'])).toThrow('has no chunk "src/gone.ts"');
  });
});
