import { readFileSync, writeFileSync } from 'node:fs';
import { protocolErrors } from '@lockstep/protocol';
import type { ErrorEntry } from '@lockstep/protocol';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from './errors.ts';

const DOCUMENT = new URL('../../../../docs/errors.md', import.meta.url);
const BEGIN =
  '<!-- Below: written from packages/protocol/src/errors.ts and apps/directory/contract/src/errors.ts; edit there. -->\n';

const catalogue: Record<string, ErrorEntry> = errorCatalogue;

function section(code: string, { status, title, description, remedy }: ErrorEntry): string {
  const origin = Object.hasOwn(protocolErrors, code) ? 'any Lockstep server' : 'the directory';
  return `### \`${code}\`\n\n${status} · ${title} · from ${origin}\n\n${description}\n\n**Do:** ${remedy}\n`;
}

/** The entries that the document describes, as they stand in it. */
function documented(text: string): Map<string, string> {
  const parts = text.slice(text.indexOf(BEGIN) + BEGIN.length).split(/^(?=### )/m);
  return new Map(
    parts.flatMap((part): [string, string][] => {
      const code = /^### `([^`]+)`/.exec(part)?.[1];
      return code === undefined ? [] : [[code, part.trim()]];
    }),
  );
}

// After a change to the catalogue: LOCKSTEP_UPDATE_DOCS=1 npx vitest run --project contract errors
describe('docs/errors.md and the catalogue', () => {
  if (process.env['LOCKSTEP_UPDATE_DOCS'] === '1') {
    const text = readFileSync(DOCUMENT, 'utf8');
    const sections = Object.entries(catalogue)
      .toSorted(([a, { status: one }], [b, { status: other }]) => one - other || (a < b ? -1 : 1))
      .map(([code, entry]) => section(code, entry));
    writeFileSync(DOCUMENT, `${text.slice(0, text.indexOf(BEGIN) + BEGIN.length)}\n${sections.join('\n')}`);
  }
  const described = documented(readFileSync(DOCUMENT, 'utf8'));

  test('every code is documented', () => {
    const missing = Object.keys(catalogue).filter((code) => !described.has(code));
    expect(missing).toEqual([]);
  });

  test('every documented code exists', () => {
    const invented = [...described.keys()].filter((code) => !Object.hasOwn(catalogue, code));
    expect(invented).toEqual([]);
  });

  test.each(Object.entries(catalogue))(
    '%s is documented with its status, meaning and remedy',
    (code, entry) => {
      expect(described.get(code)).toBe(section(code, entry).trim());
    },
  );
});

test('the directory adds codes and redefines none', () => {
  for (const [code, entry] of Object.entries(protocolErrors)) expect(catalogue[code]).toBe(entry);
});

test.each(Object.entries(catalogue))(
  '%s is a slug, has an error status and whole sentences',
  (code, entry) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    for (const sentence of [entry.description, entry.remedy]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  },
);
